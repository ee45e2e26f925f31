using System.Globalization;

namespace CloudLab.Core.Identity.Catalogue;

/// <summary>One service of the catalogue; its actions become objects when they are asked for.</summary>
internal sealed class CatalogueService
{
    private readonly string prefix;
    private readonly string name;
    private readonly List<string> keys = [];
    private readonly Dictionary<string, (string Arn, string Keys)> types = new(StringComparer.OrdinalIgnoreCase);
    private readonly OrderedDictionary<string, string> lines = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, LabAction> actions = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock gate = new();

    /// <summary>Reads a service.</summary>
    /// <param name="prefix">Its prefix.</param>
    /// <param name="name">Its name.</param>
    /// <param name="block">Lines of its block; <c>build/iam-catalogue.mjs</c> describes them.</param>
    public CatalogueService(string prefix, string name, IEnumerable<string> block)
    {
        this.prefix = prefix;
        this.name = name;
        foreach (string line in block)
        {
            switch (line[0])
            {
                case 'K':
                    string[] named = line[1..].Split('\t');
                    keys.Add(named[0]);
                    KeyTypes[named[0]] = named[1];
                    break;
                case 'R':
                    string[] fields = line[1..].Split('\t');
                    types[fields[0]] = (fields[1], fields[2]);
                    break;
                default:
                    int end = line.IndexOf('\t', StringComparison.Ordinal);
                    lines[line[1..end]] = line[(end + 1)..];
                    break;
            }
        }
    }

    /// <summary>Its prefix.</summary>
    public string Prefix => prefix;

    /// <summary>Its condition keys with the types of their values.</summary>
    public Dictionary<string, string> KeyTypes { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names of its actions, without the prefix.</summary>
    public IReadOnlyCollection<string> Names => lines.Keys;

    /// <summary>Looks one action up.</summary>
    /// <param name="action">Its name without the prefix, in any case of letters.</param>
    /// <returns>The action, or null.</returns>
    public LabAction? Find(string action)
    {
        lock (gate)
        {
            if (actions.TryGetValue(action, out LabAction? known))
            {
                return known;
            }

            int index = lines.IndexOf(action);
            return index < 0 ? null : actions[action] = Read(lines.GetAt(index).Key, lines.GetAt(index).Value);
        }
    }

    /// <summary>The actions whose names match.</summary>
    /// <param name="pattern">Pattern of the name without the prefix.</param>
    /// <returns>Actions in order.</returns>
    public IEnumerable<LabAction> Match(ActionPattern pattern) => lines.Keys.Where(pattern.IsMatch).Select(action => Find(action)!);

    private LabAction Read(string action, string line)
    {
        string[] fields = line.Split('\t');
        List<LabActionResource> resources = [];
        HashSet<string> all = new(StringComparer.OrdinalIgnoreCase);
        all.UnionWith(Keys(fields[3]));
        foreach (string on in fields[2].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = on.IndexOf(':', StringComparison.Ordinal);
            string[] own = colon < 0 ? [] : Keys(on[(colon + 1)..]);
            string type = (colon < 0 ? on : on[..colon]).TrimEnd('!');
            (string arn, string typeKeys) = types.GetValueOrDefault(type, ("*", ""));

            // Keys that come with the resource (its tags, above all) are there for every action on it, whether the action lists them or not.
            string[] both = [.. own.Union(Keys(typeKeys), StringComparer.OrdinalIgnoreCase)];
            all.UnionWith(both);
            resources.Add(new LabActionResource(type, arn, on.AsSpan(0, colon < 0 ? on.Length : colon).EndsWith("!")) { ConditionKey = both });
        }

        return new LabAction
        {
            Action = prefix + ":" + action,
            Service = prefix,
            ServiceName = name,
            AccessLevel = fields[0][0] switch
            {
                'l' => AccessLevel.List,
                'r' => AccessLevel.Read,
                't' => AccessLevel.Tagging,
                'p' => AccessLevel.PermissionsManagement,
                _ => AccessLevel.Write,
            },
            Description = Sentence(fields[4]),
            Resource = resources,
            ConditionKey = [.. all.Order(StringComparer.OrdinalIgnoreCase)],
            DependentAction = fields[1].Split(',', StringSplitOptions.RemoveEmptyEntries),
        };
    }

    private static string Sentence(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].TrimEnd('.') + ".";

    private string[] Keys(string numbers) =>
        [.. numbers.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(number => keys[int.Parse(number, CultureInfo.InvariantCulture)])];
}
