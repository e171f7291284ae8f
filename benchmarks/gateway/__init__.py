"""What a call costs on its way through: beside other gateways, for one caller, for a thousand streams, for long."""
