using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>One thing wrong with a field.</summary>
internal sealed record FieldError(string Reason, string Field, string Message)
{
    public static FieldError Required(string field, string detail = "") =>
        new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : "Required value: " + detail);

    public static FieldError Invalid(string field, JsonNode? value, string detail) =>
        new("FieldValueInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    public static FieldError Unsupported(string field, string value, IEnumerable<string> allowed) =>
        new("FieldValueNotSupported", field, $"Unsupported value: \"{value}\": supported values: " + string.Join(", ", allowed.Select(a => $"\"{a}\"")));

    public static FieldError Duplicate(string field, string value) => new("FieldValueDuplicate", field, $"Duplicate value: \"{value}\"");

    public static FieldError Forbidden(string field, string detail) => new("FieldValueForbidden", field, "Forbidden: " + detail);

    private static string Show(JsonNode? value) => value is null ? "null" : Json.Line(value);
}

/// <summary>A refusal: becomes the answer, a <c>Status</c> object.</summary>
internal sealed class ApiError(int code, string reason, string message) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    public JsonObject? Details { get; init; }

    /// <summary>Token to go on with a list whose first pages are out of date.</summary>
    public string? Continue { get; init; }

    public static ApiError NotFound(ResourceKind kind, string name) => NotFound(kind.Group, kind.Name, name);

    public static ApiError NotFound(string group, string resource, string name) =>
        new(404, "NotFound", $"{(group.Length == 0 ? resource : resource + "." + group)} \"{name}\" not found") { Details = About(name, group, resource) };

    public static ApiError NoSuchResource() =>
        new(404, "NotFound", "the server could not find the requested resource") { Details = [] };

    public static ApiError Exists(ResourceKind kind, string name) =>
        new(409, "AlreadyExists", $"{kind.QualifiedName} \"{name}\" already exists") { Details = About(name, kind.Group, kind.Name) };

    public static ApiError Conflict(ResourceKind kind, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.QualifiedName} \"{name}\": {why}") { Details = About(name, kind.Group, kind.Name) };

    public static ApiError Stale(ResourceKind kind, string name) =>
        Conflict(kind, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiError Precondition(ResourceKind kind, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.QualifiedKind} \"{name}\": {why}") { Details = About(name, kind.Group, kind.Kind) };

    /// <summary>A wrong option of a request: <c>PatchOptions</c>, <c>ListOptions</c> and so on.</summary>
    public static ApiError Option(string options, FieldError error)
    {
        JsonObject details = About("", "meta.k8s.io", options);
        details["causes"] = new JsonArray(Cause(error));
        return new ApiError(422, "Invalid", $"{options}.meta.k8s.io \"\" is invalid: {error.Field}: {error.Message}") { Details = details };
    }

    /// <summary>An update of a custom resource that does not say of which version.</summary>
    public static ApiError Unversioned(ResourceKind kind, string name)
    {
        FieldError error = new("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0: must be specified for an update");
        JsonObject details = About(name, kind.Group, kind.Name);
        details["causes"] = new JsonArray(Cause(error));
        return new ApiError(422, "Invalid", $"{kind.QualifiedName} \"{name}\" is invalid: {error.Field}: {error.Message}") { Details = details };
    }

    public static JsonObject Cause(FieldError error) => new() { ["reason"] = error.Reason, ["message"] = error.Message, ["field"] = error.Field };

    public static ApiError Forbidden(ResourceKind kind, string name, string why) =>
        new(403, "Forbidden", $"{kind.QualifiedName}{(name.Length == 0 ? "" : $" \"{name}\"")} is forbidden: {why}") { Details = About(name, kind.Group, kind.Name) };

    public static ApiError BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiError Expired(string message) => new(410, "Expired", message);

    public static ApiError NotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource") { Details = [] };

    public static ApiError Invalid(ResourceKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        string[] lines = [.. errors.Select(error => error.Field.Length == 0 ? error.Message : $"{error.Field}: {error.Message}")];
        JsonObject details = About(name, kind.Group, kind.Kind);
        details["causes"] = new JsonArray([.. errors.Select(Cause)]);
        return new ApiError(422, "Invalid", $"{kind.QualifiedKind} \"{name}\" is invalid: {(lines.Length == 1 ? lines[0] : "[" + string.Join(", ", lines) + "]")}") { Details = details };
    }

    /// <summary>The answer's body.</summary>
    public JsonObject Status()
    {
        JsonObject status = new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = Continue is null ? new JsonObject() : new JsonObject { ["continue"] = Continue },
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
        {
            status["reason"] = Reason;
        }

        if (Details is not null)
        {
            status["details"] = Details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }

    /// <summary>The body of an answer that only says that it worked.</summary>
    public static JsonObject Success(ResourceKind kind, string name, string uid)
    {
        JsonObject details = About(name, kind.Group, kind.Name);
        details["uid"] = uid;
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        };
    }

    private static JsonObject About(string name, string group, string kind)
    {
        JsonObject details = [];
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        details["kind"] = kind;
        return details;
    }
}
