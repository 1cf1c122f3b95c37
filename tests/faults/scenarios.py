"""All faults, in the order that keeps lanes busy: the long ones first."""
from crashes import BrokerKills, FailPoints, RandomKills, Storm, Zombies
from inputs import Poison, Replays
from network import Network
from stores import DamagedStores

ALL = (RandomKills, FailPoints, Network, Zombies, Replays, BrokerKills, DamagedStores, Poison, Storm)
