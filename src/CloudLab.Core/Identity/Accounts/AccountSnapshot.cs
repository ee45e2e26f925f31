namespace CloudLab.Core.Identity.Accounts;

/// <summary>The principals of an account with their policies, as they were at one moment.</summary>
/// <param name="principals">Users, groups and roles.</param>
public sealed class AccountSnapshot(IReadOnlyList<AccountPrincipal> principals)
{
    /// <summary>Users, groups and roles.</summary>
    public IReadOnlyList<AccountPrincipal> Principals { get; } = principals;
}
