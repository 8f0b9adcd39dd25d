"""The report on trained networks (to be filled)."""


def write_report(campaign, networks, chosen, folder, look):
    return None
