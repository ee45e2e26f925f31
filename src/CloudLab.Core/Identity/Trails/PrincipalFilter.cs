using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Core.Identity.Trails;

/// <summary>Whose calls of a trail count.</summary>
/// <param name="principals">Names or ARNs of users and roles, with wildcards; empty for all.</param>
public sealed class PrincipalFilter(IReadOnlyList<string> principals)
{
    private readonly ActionPattern[] patterns = [.. principals.Select(principal => new ActionPattern(principal))];

    /// <summary>Whether a call counts.</summary>
    /// <param name="record">The call.</param>
    /// <returns>True if it does.</returns>
    internal bool Includes(TrailEvent record)
    {
        if (patterns.Length == 0)
        {
            return true;
        }

        string arn = record.IssuerArn ?? record.IdentityArn, name = arn[(arn.LastIndexOf('/') + 1)..];
        return Array.Exists(patterns, pattern => pattern.IsMatch(arn) || pattern.IsMatch(name) || pattern.IsMatch(record.IdentityArn));
    }
}
