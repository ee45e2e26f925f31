using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Reads objects from request bodies, strictly or with warnings, as <c>fieldValidation</c> asks.</summary>
internal static partial class BodyReader
{
    /// <summary>Reads any JSON or YAML.</summary>
    public static JsonNode? ReadNode(ReadOnlySpan<byte> body, bool allowYaml, List<string>? duplicates = null)
    {
        try
        {
            ReadOnlySpan<byte> text = body.TrimStart(" \t\r\n"u8);
            if (allowYaml && (text.IsEmpty || text[0] is not ((byte)'{' or (byte)'[')))
            {
                return YamlReader.Read(Encoding.UTF8.GetString(body));
            }

            if (allowYaml && HalfCharacter().IsMatch(Encoding.UTF8.GetString(body)))
            {
                // An escape of YAML is a whole character; the server's reader takes no halves, not even two.
                throw ApiError.BadRequest("error decoding YAML: error converting YAML to JSON: yaml: found invalid Unicode character escape code");
            }

            return Json.Parse(body, duplicates);
        }
        catch (JsonException e)
        {
            throw ApiError.BadRequest($"couldn't get version/kind; json parse error: {Explain(e)}");
        }
        catch (InvalidOperationException e)
        {
            // Text that is no UTF-8.
            throw ApiError.BadRequest("error decoding the body: " + e.Message);
        }
    }

    [GeneratedRegex(@"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]", RegexOptions.CultureInvariant)]
    private static partial Regex HalfCharacter();

    /// <summary>Reads a body in any of the forms that objects are sent in.</summary>
    /// <param name="request">The request.</param>
    /// <param name="shape">What the object is; protobuf cannot be read without.</param>
    /// <param name="duplicates">Gets the paths that stand twice.</param>
    /// <returns>The node.</returns>
    public static async Task<JsonNode?> ReadAnyAsync(ApiRequest request, Shape shape, List<string>? duplicates = null)
    {
        byte[] body = await request.ReadBodyAsync();
        switch (request.ContentType)
        {
            case "application/vnd.kubernetes.protobuf" when shape.Type is not null:
                try
                {
                    return ProtobufReader.Read(body, shape);
                }
                catch (Exception e) when (e is InvalidDataException or ArgumentException or IndexOutOfRangeException or OverflowException)
                {
                    throw ApiError.BadRequest("error decoding the body: " + e.Message);
                }

            case "" or "application/json" or "application/yaml":
                return body.Length == 0 ? null : ReadNode(body, request.ContentType == "application/yaml", duplicates);
            default:
                throw new ApiError(415, "UnsupportedMediaType",
                    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }
    }

    /// <summary>What is wrong with JSON, in a few words.</summary>
    public static string Explain(JsonException e) =>
        e.Message.Contains("depth to be zero", StringComparison.Ordinal) || e.Message.Contains("end of data", StringComparison.Ordinal)
            ? "unexpected end of JSON input" : e.Message.Split(". ")[0];

    /// <summary>Reads the body of a create or update.</summary>
    public static async Task<JsonObject> ReadObjectAsync(ApiRequest request, ResourceKind kind)
    {
        List<string> duplicates = [];
        if (await ReadAnyAsync(request, kind.Shape, duplicates) is not JsonObject node)
        {
            throw ApiError.BadRequest("the object provided is unrecognized (must be of type " + kind.Kind + "): couldn't get version/kind; json parse error");
        }

        CheckKind(node, kind);
        Check(node, kind, request, duplicates, message => ApiError.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: {message}"));
        return node;
    }

    /// <summary>Checks what the body says it is; an object that does not say is what the address says.</summary>
    public static void CheckKind(JsonObject node, ResourceKind kind)
    {
        string apiVersion = node.Text("apiVersion") ?? kind.ApiVersion, name = node.Text("kind") ?? kind.Kind;
        if (name != kind.Kind || apiVersion.Split('/')[0] != kind.ApiVersion.Split('/')[0])
        {
            string version = apiVersion.Split('/')[^1];
            throw ApiError.BadRequest($"{name} in version \"{version}\" cannot be handled as a {kind.Kind}: " + (SchemaCatalog.Default.Kinds.Any(known => known.Kind == name && known.ApiVersion == apiVersion)
                ? $"converting ({version}.{name}) to ({(kind.Group.Length == 0 ? "core" : kind.Group.Split('.')[0])}.{kind.Kind}): unknown conversion"
                : $"no kind \"{name}\" is registered for version \"{apiVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:31\""));
        }

        if (apiVersion != kind.ApiVersion)
        {
            throw ApiError.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({kind.ApiVersion})");
        }

        node["apiVersion"] = kind.ApiVersion;
        node["kind"] = kind.Kind;
        node.Default("metadata", new JsonObject());
        node.PutFirst("apiVersion", "kind", "metadata");
    }

    /// <summary>Takes out unknown fields: refused, warned of or ignored.</summary>
    public static void Check(JsonObject node, ResourceKind kind, ApiRequest? request, List<string> duplicates, Func<string, ApiError> refuse)
    {
        List<string> unknown = [];
        if (Normalizer.Prune(node, kind.Shape, unknown) is { } wrong && !kind.IsCustom)
        {
            throw refuse(wrong);
        }

        string mode = request?.Query("fieldValidation") is { Length: > 0 } asked ? asked : "Warn";
        if (mode is not ("Ignore" or "Warn" or "Strict"))
        {
            throw ApiError.Option(request?.Method switch { "PUT" => "UpdateOptions", "PATCH" => "PatchOptions", _ => "CreateOptions" },
                FieldError.Unsupported("fieldValidation", mode, ["", "Ignore", "Strict", "Warn"]));
        }

        List<string> problems = [.. unknown.Select(path => $"unknown field \"{path}\""), .. duplicates.Select(path => $"duplicate field \"{path}\"")];
        if (problems.Count == 0 || mode == "Ignore")
        {
            return;
        }

        if (mode == "Strict")
        {
            throw refuse("strict decoding error: " + string.Join(", ", problems));
        }

        request?.Warnings.AddRange(problems);
    }
}
