using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Manifests;

/// <summary>Amounts by resource, exact, in the order of the names.</summary>
internal sealed class ResourceList : SortedDictionary<string, Quantity>
{
    /// <summary>An empty list.</summary>
    public ResourceList()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>A copy.</summary>
    /// <param name="other">The original.</param>
    public ResourceList(ResourceList other)
        : base(other, StringComparer.Ordinal)
    {
    }

    /// <summary>Reads amounts.</summary>
    /// <param name="json">Amounts by resource, or whatever is in their place.</param>
    /// <param name="path">Where they are, for messages.</param>
    /// <returns>The amounts; none where there are none.</returns>
    public static ResourceList Read(JsonNode? json, string path)
    {
        ResourceList list = [];
        foreach ((string name, JsonNode? amount) in json as JsonObject ?? [])
        {
            if (amount is not null)
            {
                list[name] = ManifestObjects.Amount(amount, $"{path}.{name}");
            }
        }

        return list;
    }

    /// <summary>Adds each amount.</summary>
    /// <param name="other">Amounts.</param>
    public void Add(ResourceList other)
    {
        foreach ((string name, Quantity amount) in other)
        {
            this[name] = TryGetValue(name, out Quantity there) ? there + amount : amount;
        }
    }

    /// <summary>Raises each amount to that of another list.</summary>
    /// <param name="other">Amounts.</param>
    public void Max(ResourceList other)
    {
        foreach ((string name, Quantity amount) in other)
        {
            if (!TryGetValue(name, out Quantity there) || amount > there)
            {
                this[name] = amount;
            }
        }
    }

    /// <summary>Adds what is missing.</summary>
    /// <param name="defaults">Amounts.</param>
    /// <returns>The resources that were missing.</returns>
    public List<string> Fill(ResourceList defaults)
    {
        List<string> missing = [.. defaults.Keys.Where(name => !ContainsKey(name))];
        foreach (string name in missing)
        {
            this[name] = defaults[name];
        }

        return missing;
    }

    /// <summary>The amount of a resource.</summary>
    /// <param name="name">Resource.</param>
    /// <returns>The amount; 0 where there is none.</returns>
    public Quantity Of(string name) => TryGetValue(name, out Quantity amount) ? amount : default;

    /// <summary>Amounts as the API server prints them.</summary>
    /// <returns><c>cpu=500m,memory=1Gi</c>.</returns>
    public override string ToString() => string.Join(',', this.Select(one => $"{one.Key}={one.Value}"));
}
