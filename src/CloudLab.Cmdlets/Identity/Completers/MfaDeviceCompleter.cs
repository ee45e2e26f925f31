using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the MFA devices of the caller.</summary>
public sealed class MfaDeviceCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (string device in await new CallerStore(new IdentityClient(session)).MfaDevicesAsync(cancellation))
        {
            if (request.Fits(device))
            {
                yield return Completion.Offer(device);
            }
        }
    }
}
