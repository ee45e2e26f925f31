using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Instances;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the ids of EC2 instances; what is typed may also be the beginning of a Name tag.</summary>
public sealed class InstanceCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabInstance instance in new InstanceStore(new IdentityClient(session)).ListAsync(null, null, cancellation))
        {
            if (instance.State != InstanceState.Terminated && (request.Fits(instance.InstanceId) || (instance.Name is { } name && request.Fits(name))))
            {
                yield return Completion.Offer(
                    instance.InstanceId, CompletionResultType.ParameterValue, $"{instance.Name} {instance.InstanceType} {instance.State}".Trim());
            }
        }
    }
}

/// <summary>Offers what a new instance can be started with: images, types, key pairs, subnets, security groups, instance profiles.</summary>
public sealed class InstanceChoiceCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach ((string name, string about) in await new InstanceStore(new IdentityClient(session)).ChoicesAsync(request.Parameter, cancellation))
        {
            if (request.Fits(name))
            {
                yield return Completion.Offer(name, CompletionResultType.ParameterValue, about.Trim());
            }
        }
    }
}
