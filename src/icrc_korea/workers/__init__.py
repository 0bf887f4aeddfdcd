"""Gives processes that run what others wrote, within limits, and can be killed at any moment.

A nursery is a process that has read the dataset and has been cut off from the network. It forks one child
after another; each child answers jobs over one pipe that was open before, and can open nothing else.

    limits    how long, how much memory, how many rows and bytes
    walls     what a process gives up before it reads a stranger's text
    frames    how jobs and answers travel
    nursery   the program of the nursery and its children
    child     a nursery and its children, as a caller without an event loop has them
    places    who runs and who waits, in a server
    pool      the same for a server: fast and slow jobs, one warm spare
"""
