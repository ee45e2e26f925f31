using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Gets users: one by name, or a list.</summary>
/// <remarks>
/// <para>A user given by name includes its tags. A list, or a name with wildcards, streams what the service lists. -IncludeGroup and -IncludeKey add
/// the groups and access keys of each user; they need one more request for a user and each of them, which are sent for several users at once.</para>
/// <para>Errors: NoSuchEntity when a user given by name does not exist; ArnInvalid when an ARN is not one of a user; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Creates a user and shows it with its groups and keys.</para>
/// <code>$null = New-LabUser ann; Get-LabUser ann -IncludeGroup -IncludeKey</code>
/// </example>
/// <example>
/// <para>Users with an access key that is older than 90 days.</para>
/// <code>Get-LabUser -IncludeKey | Where-Object { $_.AccessKeys.CreateDate -lt (Get-Date).AddDays(-90) }</code>
/// </example>
/// <example>
/// <para>The access keys of all users whose names begin with build.</para>
/// <code>Get-LabUser build* | Get-LabAccessKey</code>
/// </example>
/// <inputtype>System.String: name of a user. Or an object with a property Name or UserName.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabUser")]
[OutputType(typeof(LabUser))]
public sealed class GetLabUserCommand : IdentityCommand
{
    /// <summary>Names of users, or their ARNs; wildcards are allowed. All users if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "User")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Prefix of the users' paths: <c>/staff/</c>. The result is a list.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^/")]
    public string? PathPrefix { get; set; }

    /// <summary>Also gets the names of each user's groups.</summary>
    [Parameter]
    public SwitchParameter IncludeGroup { get; set; }

    /// <summary>Also gets each user's access keys.</summary>
    [Parameter]
    public SwitchParameter IncludeKey { get; set; }

    /// <summary>How many users of a list are completed at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        UserStore users = Users;
        bool more = IncludeGroup || IncludeKey;
        return WriteNamedAsync(
            "user", Name,
            async name => await users.GetAsync(name, cancellation) is var user && more ? await CompleteAsync(user, cancellation) : user,
            () => users.ListAsync(PathPrefix, cancellation), user => user.Name, more ? CompleteAsync : null, ThrottleLimit, PathPrefix is not null, cancellation);

        async Task<LabUser> CompleteAsync(LabUser user, CancellationToken token)
        {
            LabUser complete = await users.CompleteAsync(user, IncludeGroup, IncludeKey, token);

            // The table has columns for groups and keys only where they were asked for.
            PSObject.AsPSObject(complete).TypeNames.Insert(0, typeof(LabUser).FullName + "#Complete");
            return complete;
        }
    }
}
