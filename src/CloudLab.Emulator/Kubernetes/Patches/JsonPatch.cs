using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;

namespace CloudLab.Emulator.Kubernetes.Patches;

/// <summary>RFC 6902.</summary>
internal static class JsonPatch
{
    public static JsonNode? Apply(JsonNode target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw ApiError.BadRequest("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
        }

        // The document hangs below a root of our own, so that the whole of it can be replaced too.
        JsonObject root = new() { [""] = target.DeepClone() };
        foreach (JsonNode? operation in operations)
        {
            string path = operation.Text("path") ?? "";
            switch (operation.Text("op"))
            {
                case "add":
                    Add(root, path, operation?["value"]?.DeepClone());
                    break;
                case "remove":
                    Remove(root, path);
                    break;
                case "replace":
                    Replace(root, path, operation?["value"]?.DeepClone());
                    break;
                case "move":
                    JsonNode? moved = Find(root, operation.Text("from") ?? "")?.DeepClone();
                    Remove(root, operation.Text("from") ?? "");
                    Add(root, path, moved);
                    break;
                case "copy":
                    Add(root, path, Find(root, operation.Text("from") ?? "")?.DeepClone());
                    break;
                case "test":
                    if (!Json.Same(Find(root, path, mustExist: false), operation?["value"]))
                    {
                        throw Fail();
                    }

                    break;
                default:
                    throw Fail();
            }
        }

        return root[""]?.DeepClone();
    }

    private static ApiError Fail() =>
        new(422, "Invalid", "the server rejected our request due to an error in our request") { Details = [] };

    private static string[] Split(string path)
    {
        if (path.Length > 0 && path[0] != '/')
        {
            throw Fail();
        }

        return [.. path.Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static JsonNode Parent(JsonObject root, string[] parts)
    {
        JsonNode? at = root;
        foreach (string part in parts[..^1])
        {
            at = Child(at, part);
        }

        return at ?? throw Fail();
    }

    private static JsonNode? Child(JsonNode? at, string part) => at switch
    {
        JsonObject map => map[part],
        JsonArray list when Index(part, list.Count) is { } i && i < list.Count => list[i],
        _ => null,
    };

    private static int? Index(string part, int count)
    {
        if (!int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index))
        {
            return null;
        }

        return index >= 0 ? index : -index <= count ? count + index : null;
    }

    private static JsonNode? Find(JsonObject root, string path, bool mustExist = true)
    {
        string[] parts = Split(path);
        JsonNode? parent = root;
        foreach (string part in parts[..^1])
        {
            parent = Child(parent, part);
        }

        bool there = parent is JsonObject map ? map.ContainsKey(parts[^1])
            : parent is JsonArray list && Index(parts[^1], list.Count) is { } i && i < list.Count;
        if (!there && mustExist)
        {
            throw Fail();
        }

        return Child(parent, parts[^1]);
    }

    private static void Add(JsonObject root, string path, JsonNode? value)
    {
        string[] parts = Split(path);
        switch (Parent(root, parts))
        {
            case JsonObject map:
                map[parts[^1]] = value;
                break;
            case JsonArray list when parts[^1] == "-":
                list.Add(value);
                break;
            case JsonArray list when Index(parts[^1], list.Count) is { } i && i <= list.Count:
                list.Insert(i, value);
                break;
            default:
                throw Fail();
        }
    }

    private static void Replace(JsonObject root, string path, JsonNode? value)
    {
        string[] parts = Split(path);
        switch (Parent(root, parts))
        {
            case JsonObject map:
                map[parts[^1]] = value;
                break;
            case JsonArray list when Index(parts[^1], list.Count) is { } i && i < list.Count:
                list[i] = value;
                break;
            default:
                throw Fail();
        }
    }

    private static void Remove(JsonObject root, string path)
    {
        string[] parts = Split(path);
        Find(root, path);
        switch (Parent(root, parts))
        {
            case JsonObject map:
                map.Remove(parts[^1]);
                break;
            case JsonArray list when Index(parts[^1], list.Count) is { } i:
                list.RemoveAt(i);
                break;
        }
    }
}
