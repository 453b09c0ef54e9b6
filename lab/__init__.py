"""The lab: four real Debian hosts at the SOP's addresses, in network namespaces of their own. README.md says more."""
