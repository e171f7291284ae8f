"""What texts say that want to be obeyed instead of the instructions before them, in English; in any case of letters."""

from __future__ import annotations

from typing import Final

_G = r"\W{1,5}"
"""What may stand between two words of an injection."""
_DROP = (
    rf"(?:ignore|disregard|forget|override|bypass|neglect|do{_G}not{_G}follow|don\W?t{_G}follow|stop{_G}following"
    rf"|stop{_G}obeying)"
)
_FILL = rf"(?:(?:all|any|every|each|the|of|these|those|this|that|your|my|our|and){_G}){{0,4}}"
_RULES = (
    "(?:instructions?|prompts?|directions?|directives?|rules?|guidelines?|commands?|messages?|constraints?|context"
    "|orders?|programming|training|restrictions?)"
)
_BEFORE = "(?:previous|prior|above|earlier|preceding|foregoing|former|existing|initial|original|system|past|safety)"

PATTERNS: Final = (
    rf"\b{_DROP}{_G}{_FILL}{_BEFORE}{_G}(?:\w{{1,20}}{_G}){{0,2}}{_RULES}\b",
    rf"\b{_DROP}{_G}(?:(?:all|any|of|your){_G}){{1,3}}(?:the{_G})?{_RULES}\b",
    rf"\b(?:ignore|disregard|forget){_G}(?:everything|anything|all|what){_G}(?:\w{{1,20}}{_G}){{0,3}}(?:above|before|told|said)\b",
    (
        rf"\b(?:reveal|show|print|display|output|repeat|leak|expose|tell{_G}me|give{_G}me|what{_G}(?:is|are|was|were)){_G}"
        rf"(?:(?:me|us|all|the|of|your|full|entire|exact|complete|original){_G}){{0,4}}"
        rf"(?:system|initial|hidden|secret|developer){_G}(?:prompt|instructions?|message)\b"
    ),
    rf"\byou{_G}are{_G}now{_G}(?:in{_G})?(?:dan\b|developer{_G}mode|jailbroken|unrestricted|unfiltered|free{_G}from)",
    rf"\bdo{_G}anything{_G}now\b",
    rf"\b(?:enable|enter|activate|switch{_G}to){_G}(?:developer|dan|jailbreak|god|unrestricted){_G}mode\b",
    rf"\b(?:developer|jailbreak|dan|god){_G}mode{_G}(?:enabled|activated)\b",
    (
        rf"\b(?:act|behave|respond|answer|pretend){_G}(?:as{_G}(?:if|though){_G})?(?:you{_G}(?:have|had){_G})?(?:no|without){_G}"
        rf"(?:any{_G})?(?:restrictions?|rules?|guidelines?|limitations?|filters?|constraints?)\b"
    ),
    rf"\bnew{_G}system{_G}(?:instructions?|prompt|message)\b",
    r"<\|(?:im_start|im_end|system|start_header_id|eot_id|endoftext)\|>|<</?SYS>>|\[/?INST\]",
)
