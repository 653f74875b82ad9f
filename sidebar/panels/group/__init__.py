"""The panel of a customer group (客户群)."""
