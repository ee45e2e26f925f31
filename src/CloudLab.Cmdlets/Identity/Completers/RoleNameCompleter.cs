using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the account's roles, by name or by ARN.</summary>
public class RoleNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabRole role in new RoleStore(new IdentityClient(session)).ListAsync(null, cancellation))
        {
            if (TextOf(role) is var text && request.Fits(text))
            {
                yield return Completion.Offer(text, CompletionResultType.ParameterValue, role.Description ?? role.RoleArn);
            }
        }
    }

    /// <summary>What is offered of a role.</summary>
    /// <param name="role">The role.</param>
    /// <returns>Its name.</returns>
    private protected virtual string TextOf(LabRole role) => role.Name;
}
