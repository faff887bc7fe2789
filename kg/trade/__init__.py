"""Rules of the trade: what a matchmaker has to know beside who fits with whom.

1. `consortium`: does a team meet the conditions of a call, what is missing, who could fill it.
2. `complementarity`: what each of two clusters masters that the other seeks.
3. `capacities`: offers against requests, where there is too little, and the best assignment.
4. `networks`: a cluster of clusters seen as a whole.

The conditions of a call are SHACL shapes, one file per call in the folder `consortia/`: adding a
file adds a rule. `countries.csv` and `neighbours.csv` hold what is known about countries.
"""
