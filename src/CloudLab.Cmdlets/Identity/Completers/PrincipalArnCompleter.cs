using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the ARNs of the account's roles and users.</summary>
public sealed class PrincipalArnCompleter : IdentityNameCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string? Tip)> NamesAsync(CompletionRequest request, IdentityClient client, CancellationToken cancellation) =>
        new RoleStore(client).ListAsync(null, cancellation).Select(role => (role.RoleArn, role.Description))
            .Concat(new UserStore(client).ListAsync(null, cancellation).Select(user => (user.UserArn, (string?)null)));
}
