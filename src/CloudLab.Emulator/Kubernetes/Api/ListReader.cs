using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>One page of a list.</summary>
/// <param name="Items">Its objects.</param>
/// <param name="Revision">The revision the list is of.</param>
/// <param name="Continue">Token for the next page; null at the end.</param>
/// <param name="Remaining">How many are left; null if that is not known.</param>
internal sealed record ListPage(List<JsonObject> Items, string Revision, string? Continue, int? Remaining);

/// <summary>Reads lists: selected, in pages of one and the same state.</summary>
internal sealed class ListReader(ObjectService objects)
{
    public ListPage Read(ApiRequest request, ResourceKind kind, string ns)
    {
        LabelSelector labels = LabelSelector.Parse(request.Query("labelSelector"));
        FieldSelector fields = FieldSelector.Parse(request.Query("fieldSelector"), kind);
        int limit = request.WholeNumber("limit") ?? 0;
        (long revision, string start) = Where(request, kind);
        List<StoredObject>? stored = objects.Store.ListAt(kind.StorageKey, ns, revision);
        if (stored is null)
        {
            bool isPaging = !string.IsNullOrEmpty(request.Query("continue"));
            throw isPaging
                ? new ApiError(410, "Expired",
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
                {
                    Continue = Token(-1, start),
                }
                : ApiError.Expired($"The resourceVersion for the provided list is too old.");
        }

        List<JsonObject> items = [];
        string? next = null;
        int left = 0;
        foreach (StoredObject candidate in stored)
        {
            string key = $"{candidate.Namespace}/{candidate.Name}";
            if (start.Length > 0 && string.CompareOrdinal(key, start) <= 0)
            {
                continue;
            }

            if (!labels.Matches(candidate.Labels))
            {
                continue;
            }

            JsonObject node = objects.View(kind, candidate);
            if (!fields.IsEmpty && !fields.Matches(node))
            {
                continue;
            }

            if (limit > 0 && items.Count == limit)
            {
                next ??= Token(revision, $"{items[^1].Text("metadata", "namespace")}/{items[^1].Text("metadata", "name")}");
                left++;
                continue;
            }

            items.Add(node);
        }

        bool countsRest = labels.IsEmpty && fields.IsEmpty;
        return new ListPage(items, revision.ToString(CultureInfo.InvariantCulture), next, countsRest ? left : null);
    }

    private static string Token(long revision, string start) => Convert.ToBase64String(Json.Bytes(new JsonObject
    {
        ["v"] = "meta.k8s.io/v1",
        ["rv"] = revision,
        ["start"] = start,
    })).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private (long Revision, string Start) Where(ApiRequest request, ResourceKind kind)
    {
        long now = objects.Store.Revision;
        if (request.Query("continue") is { Length: > 0 } token)
        {
            try
            {
                string base64 = token.Replace('-', '+').Replace('_', '/');
                JsonNode? node = Json.Parse(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '=')));
                long revision = node.Number("rv") ?? throw new FormatException();
                return (revision < 0 ? now : revision, node.Text("start") ?? "");
            }
            catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException)
            {
                throw ApiError.BadRequest("invalid continue token: continue key is not valid: " + (e is JsonException ? "it is no JSON" : "illegal base64 data at input byte 0"));
            }
        }

        string? match = request.Query("resourceVersionMatch");
        if (request.Query("resourceVersion") is not { Length: > 0 } version)
        {
            return match is null or "" ? (now, "") : throw ApiError.Option("ListOptions",
                FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }

        if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out long asked))
        {
            throw ApiError.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": invalid syntax");
        }

        if (asked > now)
        {
            throw new ApiError(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {now}")
            {
                Details = new JsonObject
                {
                    ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
                    ["retryAfterSeconds"] = 1,
                },
            };
        }

        return (match == "Exact" ? asked : now, "");
    }
}
