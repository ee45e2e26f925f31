using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Core.Identity.Trails;

/// <summary>Which actions each principal of an account has used, according to a trail.</summary>
public sealed class TrailUsage
{
    private readonly Dictionary<string, HashSet<string>> used = new(StringComparer.Ordinal);
    private string from = "", to = "";

    /// <summary>The days that the trail is about.</summary>
    public string Span => from.Length < 10 ? "no events" : from[..10] == to[..10] ? from[..10] : $"{from[..10]} to {to[..10]}";

    /// <summary>Calls that were read.</summary>
    public long Read { get; private set; }

    /// <summary>Adds the records of a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Done when it is read. Throws <see cref="Common.Errors.LabException"/>.</returns>
    public async Task AddAsync(TrailSource source, CancellationToken cancellation = default)
    {
        TrailEvent record = new();
        await foreach (TrailEvent _ in source.ReadAsync(record, cancellation))
        {
            Read++;
            if (record.Time.Length >= 10)
            {
                from = from.Length == 0 || string.CompareOrdinal(record.Time, from) < 0 ? record.Time : from;
                to = string.CompareOrdinal(record.Time, to) > 0 ? record.Time : to;
            }

            if (record.IsDenied || KeyOf(record.IssuerArn ?? record.IdentityArn) is not { } key)
            {
                continue;
            }

            if (!used.TryGetValue(key, out HashSet<string>? actions))
            {
                used[key] = actions = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            }

            foreach (LabAction action in TrailPolicy.ActionsOf(record))
            {
                actions.Add(action.Action);
                if (action.DependentAction.Contains("iam:PassRole") && ResourceFinder.PassedRoles(record).Any())
                {
                    actions.Add("iam:PassRole");
                }
            }
        }
    }

    /// <summary>The actions that a principal has used.</summary>
    /// <param name="arn">ARN of a user or role.</param>
    /// <returns>Actions, or null for one that does not appear in the trail.</returns>
    internal IReadOnlySet<string>? Of(string arn) => KeyOf(arn) is { } key ? used.GetValueOrDefault(key) : null;

    // Account, kind and name: the ARN of a session does not have the path of its role.
    private static string? KeyOf(string arn)
    {
        if (arn.Split(':', 6) is not ["arn", _, _, _, var account, var resource])
        {
            return null;
        }

        string[] parts = resource.Split('/');
        return parts switch
        {
            ["assumed-role", var role, ..] => $"{account} role {role}",
            [var kind, .., var name] => $"{account} {kind} {name}",
            _ => null,
        };
    }
}
