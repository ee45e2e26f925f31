using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Accounts;

/// <summary>A principal as a service or a file describes it, its documents not read yet.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Arn">Its ARN.</param>
internal sealed record RawPrincipal(AccountPrincipalKind Kind, string Name, string Arn)
{
    public List<(string Name, string? Document)> Inline { get; init; } = [];

    public List<(string Name, string Arn)> Attached { get; init; } = [];

    public List<string> Groups { get; init; } = [];

    public string? Boundary { get; init; }

    public string? Trust { get; init; }
}

/// <summary>Puts an account together from principals and managed policies, in whatever order they come.</summary>
internal sealed class AccountBuilder
{
    // Attached everywhere and not always in what a service tells; its document never changes.
    private const string Administrator = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""";

    private readonly List<RawPrincipal> principals = [];
    private readonly Dictionary<string, string?> managed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (NamedPolicy? Policy, string? Problem)> read = new(StringComparer.Ordinal);

    /// <summary>Managed policies that a principal has and whose documents are not known yet.</summary>
    public IEnumerable<string> Missing => principals
        .SelectMany(principal => principal.Attached.Select(attached => attached.Arn).Concat(principal.Boundary is { } boundary ? [boundary] : []))
        .Distinct(StringComparer.Ordinal).Where(arn => !managed.ContainsKey(arn));

    public void Add(RawPrincipal principal) => principals.Add(principal);

    /// <summary>Adds the default version of a managed policy.</summary>
    /// <param name="arn">ARN of the policy.</param>
    /// <param name="document">Its document, encoded as in a URL or not; null where there is none.</param>
    public void AddManaged(string arn, string? document) => managed[arn] = document;

    /// <summary>The account.</summary>
    /// <returns>Users, groups and roles in the order of their kinds and names.</returns>
    public AccountSnapshot Build()
    {
        Dictionary<string, AccountPrincipal> groups = new(StringComparer.OrdinalIgnoreCase);
        List<AccountPrincipal> built = [];
        foreach (RawPrincipal raw in principals.DistinctBy(principal => principal.Arn, StringComparer.Ordinal)
            .OrderBy(principal => principal.Kind).ThenBy(principal => principal.Name, StringComparer.OrdinalIgnoreCase))
        {
            AccountPrincipal principal = Build(raw);
            built.Add(principal);
            if (raw.Kind == AccountPrincipalKind.Group)
            {
                groups[raw.Name] = principal;
            }
        }

        ILookup<string, RawPrincipal> byArn = principals.ToLookup(principal => principal.Arn, StringComparer.Ordinal);
        foreach (AccountPrincipal user in built.Where(principal => principal.Kind == AccountPrincipalKind.User))
        {
            user.Groups = [.. byArn[user.Arn].First().Groups.Where(groups.ContainsKey).Select(name => groups[name])];
            foreach (AccountPrincipal group in user.Groups)
            {
                group.HasMembers = true;
            }
        }

        return new AccountSnapshot(built);
    }

    private AccountPrincipal Build(RawPrincipal raw)
    {
        List<NamedPolicy> policies = [];
        List<(string, string)> unreadable = [];
        foreach ((string name, string? document) in raw.Inline)
        {
            Take(Read($"inline policy '{name}'", document), name);
        }

        foreach ((string name, string arn) in raw.Attached)
        {
            Take(Managed(arn), name);
        }

        NamedPolicy? boundary = null;
        if (raw.Boundary is { } limit)
        {
            (boundary, string? problem) = Managed(limit);
            if (problem is not null)
            {
                unreadable.Add((limit, problem));
            }
        }

        NamedPolicy? trust = null;
        if (raw.Trust is { } trusted)
        {
            (trust, string? problem) = Read("trust policy", trusted);
            if (problem is not null)
            {
                unreadable.Add(("trust policy", problem));
            }
        }

        return new AccountPrincipal
        {
            Kind = raw.Kind, Name = raw.Name, Arn = raw.Arn, Policies = policies, Boundary = boundary, Trust = trust, Unreadable = unreadable,
        };

        void Take((NamedPolicy? Policy, string? Problem) found, string name)
        {
            if (found.Policy is { } policy)
            {
                policies.Add(policy);
            }
            else
            {
                unreadable.Add((name, found.Problem!));
            }
        }
    }

    private (NamedPolicy? Policy, string? Problem) Managed(string arn)
    {
        if (!read.TryGetValue(arn, out (NamedPolicy? Policy, string? Problem) found))
        {
            string? document = managed.GetValueOrDefault(arn) ?? (arn.EndsWith(":iam::aws:policy/AdministratorAccess", StringComparison.Ordinal) ? Administrator : null);
            read[arn] = found = Read(arn, document);
        }

        return found;
    }

    private static (NamedPolicy? Policy, string? Problem) Read(string name, string? document)
    {
        if (string.IsNullOrWhiteSpace(document))
        {
            return (null, "its document is not there");
        }

        try
        {
            return (new NamedPolicy(name, IamXml.Parse(document)), null);
        }
        catch (LabException e)
        {
            return (null, e.Message);
        }
    }
}
