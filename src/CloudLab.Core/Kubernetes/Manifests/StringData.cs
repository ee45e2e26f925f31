using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// The <c>stringData</c> of Secrets. The server writes it into <c>data</c>, but notes the owner of <c>stringData</c>, which is never stored: a key that is left out later would stay. So
/// it is sent as <c>data</c>.
/// </summary>
internal static class StringData
{
    private const string Plain = "stringData", OwnedPlain = "f:" + Plain, OwnedData = "f:data";

    /// <summary>Makes data of the text. What is no text stays for the server, which says what is wrong with it.</summary>
    /// <param name="secret">The Secret of a manifest.</param>
    public static void ToData(JsonObject secret)
    {
        if (secret[Plain] is not JsonObject texts || !(secret["data"] is null or JsonObject) || texts.Any(pair => pair.Value?.GetValueKind() is not JsonValueKind.String))
        {
            return;
        }

        JsonObject data = secret.Object("data") ?? [];
        foreach ((string key, JsonNode? text) in texts)
        {
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text!.GetValue<string>()));
        }

        secret.Remove(Plain);
        secret["data"] ??= data;
    }

    /// <summary>Whether an entry of managed fields owns text that became data.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>True if so.</returns>
    public static bool IsOwned(JsonObject entry) => OwnedFields.Has(OwnedFields.Of(entry), Plain);

    /// <summary>Fields as they are stored: those of the text are those of the data.</summary>
    /// <param name="fields">A set of fields; it is changed.</param>
    /// <returns>The same set.</returns>
    public static JsonObject Stored(JsonObject fields)
    {
        if (fields.Remove(OwnedPlain, out JsonNode? texts) && texts is JsonObject { Count: > 0 } keys)
        {
            fields[OwnedData] = OwnedFields.Union(fields.Object(OwnedData) ?? [], keys);
        }

        return fields;
    }
}
