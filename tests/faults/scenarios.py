"""All faults, in the order that keeps lanes busy: the long ones first."""
from admin import Meddling
from crashes import BrokerKills, FailPoints, RandomKills, Storm, Zombies
from inputs import Clocks, HotKey, OldLog, Poison, Replays
from network import Cuts, LateEnds, Network, Unseen
from stores import Broken, DamagedStores, Refused

ALL = (RandomKills, FailPoints, Network, Replays, DamagedStores, BrokerKills, Zombies, Poison, OldLog, Unseen, LateEnds, Storm, Cuts, Refused, Broken, Clocks, HotKey, Meddling)
