using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Errors;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Base of the storage cmdlets: one connection to the S3 service for the whole command.</summary>
public abstract class StorageCommand : AwsCommand
{
    private readonly Lazy<StorageClient> client;

    /// <summary>Creates the cmdlet.</summary>
    protected StorageCommand() => client = new(() => new StorageClient(Lab, Reporter));

    /// <summary>The service; the first use looks for credentials.</summary>
    protected StorageClient Client => client.Value;

    /// <summary>The service's buckets.</summary>
    protected BucketStore Buckets => new(Client);

    /// <summary>The service's objects.</summary>
    protected ObjectStore Objects => new(Client);

    /// <summary>Refuses a version together with several keys.</summary>
    /// <param name="versionId">The version, or null.</param>
    /// <param name="keys">The keys.</param>
    protected static void RefuseOneVersionOfSeveral(string? versionId, string[] keys)
    {
        if (!string.IsNullOrEmpty(versionId) && keys.Length > 1)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "OneVersion", "-VersionId is the version of one key: give one -Key.");
        }
    }

    /// <summary>Picks names by PowerShell wildcards, in any case of letters.</summary>
    /// <param name="include">A name must match one of these; null for all.</param>
    /// <param name="exclude">A name must match none of these.</param>
    /// <returns>A filter, or null where everything goes. A pattern with a slash is matched with the whole key, one without with the part after the last slash.</returns>
    protected static Func<string, bool>? Filter(string[]? include, string[]? exclude)
    {
        if (include is null && exclude is null)
        {
            return null;
        }

        Func<string, bool>[] wanted = Patterns(include), unwanted = Patterns(exclude);
        return key => (wanted.Length == 0 || Array.Exists(wanted, matches => matches(key))) && !Array.Exists(unwanted, matches => matches(key));
    }

    private static Func<string, bool>[] Patterns(string[]? patterns) => [.. (patterns ?? []).Select(Pattern)];

    private static Func<string, bool> Pattern(string pattern)
    {
        WildcardPattern wildcard = new(pattern, WildcardOptions.IgnoreCase);
        return pattern.Contains('/', StringComparison.Ordinal)
            ? wildcard.IsMatch
            : key => wildcard.IsMatch(key[(key.AsSpan().TrimEnd('/').LastIndexOf('/') + 1)..].TrimEnd('/'));
    }
}
