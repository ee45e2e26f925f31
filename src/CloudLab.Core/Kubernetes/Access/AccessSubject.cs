namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Who asks: a user name with the groups that come with it, as an API server sees a caller.</summary>
/// <param name="User">User name; empty where only groups are meant.</param>
/// <param name="Groups">Groups.</param>
public sealed record AccessSubject(string User, IReadOnlyList<string> Groups)
{
    /// <summary>The group that the API server lets do everything without asking RBAC.</summary>
    internal const string Masters = "system:masters";

    private const string AccountPrefix = "system:serviceaccount:", Authenticated = "system:authenticated";

    /// <summary>True where the API server allows everything without asking RBAC.</summary>
    public bool IsMaster => Groups.Contains(Masters);

    /// <summary>A user, with the groups that the API server adds to whoever impersonates it.</summary>
    /// <param name="user">User name, that of a service account too (<c>system:serviceaccount:movies:web</c>); empty for groups alone.</param>
    /// <param name="groups">More groups.</param>
    /// <returns>The subject.</returns>
    public static AccessSubject Of(string user, IReadOnlyList<string> groups)
    {
        List<string> all = [.. groups];
        if (Account(user) is { } account && groups.Count == 0)
        {
            all.AddRange(["system:serviceaccounts", "system:serviceaccounts:" + account.Namespace]);
        }

        if (user == "system:anonymous")
        {
            all.Add("system:unauthenticated");
        }
        else if (user.Length > 0)
        {
            all.Add(Authenticated);
        }

        return new AccessSubject(user, [.. all.Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>A service account.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The subject.</returns>
    public static AccessSubject OfAccount(string ns, string name) => Of($"{AccountPrefix}{ns}:{name}", []);

    /// <summary>Who it is, as roles name it.</summary>
    /// <returns><c>User/ann</c>, <c>ServiceAccount/movies/web</c>, <c>Group/admins</c>.</returns>
    public override string ToString() => Account(User) is { } account ? $"ServiceAccount/{account.Namespace}/{account.Name}"
        : User.Length > 0 ? "User/" + User
        : string.Join(", ", Groups.Select(group => "Group/" + group));

    /// <summary>The service account that a user name stands for.</summary>
    /// <param name="user">User name.</param>
    /// <returns>Namespace and name; null for any other user.</returns>
    internal static (string Namespace, string Name)? Account(string user) =>
        user.StartsWith(AccountPrefix, StringComparison.Ordinal) && user[AccountPrefix.Length..].Split(':') is [{ Length: > 0 } ns, { Length: > 0 } name] ? (ns, name) : null;
}
