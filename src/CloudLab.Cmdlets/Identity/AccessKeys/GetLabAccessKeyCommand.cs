using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Gets the access keys of users, without their secrets.</summary>
/// <remarks>
/// <para>Several users from the pipeline are asked for at once, so that their keys come in any order. The secret of a key is only told when it is
/// created (New-LabAccessKey).</para>
/// <para>Errors: NoSuchEntity when a user does not exist; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The keys of all users.</para>
/// <code>Get-LabUser | Get-LabAccessKey</code>
/// </example>
/// <example>
/// <para>Keys of a user that nobody has used for 90 days.</para>
/// <code>$null = New-LabUser ann; Get-LabAccessKey ann -IncludeLastUsed | Where-Object LastUsed -LT (Get-Date).AddDays(-90)</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabAccessKey")]
[OutputType(typeof(LabAccessKey))]
public sealed class GetLabAccessKeyCommand : IdentityCommand
{
    /// <summary>Names of users, or their ARNs; wildcards are allowed. The caller's own keys if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? User { get; set; }

    /// <summary>Also gets when each key was last used, and for which service.</summary>
    [Parameter]
    public SwitchParameter IncludeLastUsed { get; set; }

    /// <summary>How many users are asked for at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        AccessKeyStore keys = Keys;
        foreach (string? given in (string?[]?)User ?? [null])
        {
            if (given is null || !WildcardPattern.ContainsWildcardCharacters(given))
            {
                await StartAsync(given, token => WriteKeysAsync(given is null ? null : IamName.Of("user", given), token));
                continue;
            }

            try
            {
                WildcardPattern pattern = new(given, WildcardOptions.IgnoreCase);
                await foreach (LabUser user in Users.ListAsync(null, cancellation))
                {
                    if (pattern.IsMatch(user.Name))
                    {
                        await StartAsync(user.Name, token => WriteKeysAsync(user.Name, token));
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, given);
            }
        }

        async Task WriteKeysAsync(string? user, CancellationToken token)
        {
            await foreach (LabAccessKey key in keys.ListAsync(user, token))
            {
                await WriteAsync(IncludeLastUsed ? await keys.CompleteAsync(key, token) : key, token);
            }
        }
    }
}
