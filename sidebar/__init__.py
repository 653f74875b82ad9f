"""The sidebar door: the H5 page beside a WeCom chat. Signs members in, asks rooms, shows panels."""
