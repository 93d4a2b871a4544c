"""Redfish's own errors: a status code and messages of the Base registry."""

from __future__ import annotations

from dataclasses import dataclass, field

from karst.twin.state import Json

REGISTRY = "Base.1.22"

# Message id -> (severity, text with %1 …, what to do). The texts are the registry's own in meaning.
MESSAGES: dict[str, tuple[str, str, str]] = {
    "Success": ("OK", "The request completed successfully.", "None."),
    "GeneralError": ("Critical", "A general error has occurred.", "Look at the log for more."),
    "ResourceMissingAtURI": ("Critical", "The resource at the URI '%1' was not found.", "Use a URI of a resource."),
    "MalformedJSON": ("Critical", "The request body is not well-formed JSON.", "Correct the JSON and resend it."),
    "UnrecognizedRequestBody": ("Warning", "The request body could not be understood.", "Send a JSON object."),
    "PropertyUnknown": ("Warning", "The property %1 is not one of this resource's.", "Remove the property."),
    "PropertyNotWritable": ("Warning", "The property %1 is read-only.", "Remove the property."),
    "PropertyMissing": ("Warning", "The property %1 is required and missing.", "Add the property."),
    "PropertyValueNotInList": ("Warning", "The value '%1' for the property %2 is not acceptable.", "Choose another."),
    "PropertyValueTypeError": ("Warning", "The value '%1' for the property %2 has the wrong type.", "Correct it."),
    "PropertyValueOutOfRange": ("Warning", "The value '%1' for the property %2 is out of range.", "Correct it."),
    "PropertyValueFormatError": ("Warning", "The value '%1' for the property %2 is badly formed.", "Correct it."),
    "PropertyValueError": ("Warning", "The value for the property %1 was not accepted.", "Choose another value."),
    "ActionParameterMissing": ("Critical", "The action %1 needs the parameter %2.", "Add the parameter."),
    "ActionParameterUnknown": ("Warning", "The action %1 has no parameter %2.", "Remove the parameter."),
    "ActionParameterValueNotInList": (
        "Warning",
        "The value '%1' for the parameter %2 of the action %3 is not acceptable.",
        "Choose one from the list.",
    ),
    "ActionParameterValueTypeError": (
        "Warning",
        "The value '%1' for the parameter %2 of the action %3 has the wrong type.",
        "Correct the value.",
    ),
    "ActionParameterValueOutOfRange": (
        "Warning",
        "The value '%1' for the parameter %2 of the action %3 is out of range.",
        "Correct the value.",
    ),
    "ActionParameterValueFormatError": (
        "Warning",
        "The value '%1' for the parameter %2 of the action %3 is badly formed or does not belong here.",
        "Correct the value.",
    ),
    "CreateLimitReachedForResource": ("Critical", "No more resources of this kind fit.", "Remove one first."),
    "ResourceInUse": ("Warning", "The resource is in use.", "Free the resource and try again."),
    "NoValidSession": ("Critical", "There is no valid session for this request.", "Log in and try again."),
    "ResourceAtUriUnauthorized": ("Critical", "Access to '%1' was refused: %2.", "Use valid credentials."),
    "InsufficientPrivilege": ("Critical", "The account lacks a privilege for this request.", "Use another account."),
    "SessionLimitExceeded": ("Critical", "The number of sessions is at its limit.", "End a session first."),
    "PreconditionFailed": ("Critical", "The ETag does not match the resource's.", "Read the resource again."),
    "PreconditionRequired": ("Critical", "The request needs an If-Match header.", "Send the resource's ETag."),
    "OperationNotAllowed": ("Critical", "The HTTP method is not allowed on this resource.", "Use another method."),
    "QueryNotSupported": ("Warning", "Querying is not supported.", "Remove the query."),
    "QueryParameterValueError": ("Warning", "The value '%1' for the query %2 was not accepted.", "Correct it."),
    "QueryNotSupportedOnResource": ("Warning", "Querying is not supported on this resource.", "Remove the query."),
    "ResourceAlreadyExists": ("Critical", "A resource of type %1 with %2 '%3' exists already.", "Choose another."),
    "ResourceCannotBeDeleted": ("Critical", "The resource cannot be deleted.", "Leave it."),
    "ResourceInStandby": ("Critical", "The resource is in standby.", "Power it on and try again."),
    "ServiceTemporarilyUnavailable": ("Critical", "The service is unavailable for now. Retry in %1 seconds.", "Wait."),
    "NoOperation": ("Warning", "There was nothing to change in the request.", "Add a property."),
    "UnsupportedMediaType": ("Critical", "The media type of the body is not accepted.", "Send application/json."),
    "PayloadTooLarge": ("Critical", "The body of the request is too large.", "Send a smaller one."),
    "InternalError": ("Critical", "The service failed.", "Report it."),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `related` names the property it is about, as a JSON pointer."""

    id: str
    args: tuple[str, ...] = ()
    related: str = ""

    def body(self) -> Json:
        """As Redfish's Message object."""
        severity, text, resolution = MESSAGES[self.id]
        for index, arg in enumerate(self.args, 1):
            text = text.replace(f"%{index}", arg)
        made: Json = {
            "@odata.type": "#Message.v1_1_1.Message",
            "MessageId": f"{REGISTRY}.{self.id}",
            "Message": text,
            "MessageArgs": list(self.args),
            "MessageSeverity": severity,
            "Severity": severity,
            "Resolution": resolution,
        }
        if self.related:
            made["RelatedProperties"] = [self.related]
        return made


@dataclass(slots=True)
class RedfishError(Exception):
    """The request is refused; nothing was changed."""

    status: int
    messages: tuple[Message, ...]
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> Json:
        """As Redfish's error object."""
        first = self.messages[0]
        return {
            "error": {
                "code": f"{REGISTRY}.{first.id if len(self.messages) == 1 else 'GeneralError'}",
                "message": first.body()["Message"]
                if len(self.messages) == 1
                else "Several things are wrong; see the extended information.",
                "@Message.ExtendedInfo": [message.body() for message in self.messages],
            }
        }


def refuse(status: int, message_id: str, *args: str, related: str = "") -> RedfishError:
    """A refusal with one message."""
    return RedfishError(status, (Message(message_id, args, related),))
