using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;
using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Base of the completers that offer what the object on the command line has.</summary>
public abstract class NamedObjectCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (string? kind, string? name) = (request.First("Kind"), request.First("Name"));
        // deploy/web stands for both, in the place of either.
        if ((kind ?? name) is { } whole && whole.Split('/', 2) is [var before, var after])
        {
            (kind, name) = (before, after);
        }

        if (name is null)
        {
            yield break;
        }

        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        foreach (ApiResource resource in (await api.CatalogAsync(cancellation)).Match(kind ?? "pods").Take(1))
        {
            LabResource found = await new ResourceStore(api).GetAsync(resource, request.Text("Namespace") ?? session.Kubernetes.Namespace, name, cancellation);
            await foreach (CompletionResult offer in OfferAsync(request, api, resource, found, cancellation))
            {
                yield return offer;
            }
        }
    }

    /// <summary>Looks for what can be offered.</summary>
    /// <param name="request">What is to be completed.</param>
    /// <param name="api">The cluster.</param>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="found">The object.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>What to offer, in this order.</returns>
    private protected abstract IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, KubernetesApi api, ApiResource resource, LabResource found, CancellationToken cancellation);
}

/// <summary>Offers the containers of the object that stands on the command line: of a pod, or of a pod template.</summary>
public sealed class TemplateContainerCompleter : NamedObjectCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, KubernetesApi api, ApiResource resource, LabResource found, CancellationToken cancellation) =>
        RolloutChanger.ContainersOf(found).Where(request.Fits).Select(container => Completion.Offer(container)).ToAsyncEnumerable();
}

/// <summary>Offers the containers of the workload on the command line, and after the equals sign the images that pods of its namespace run.</summary>
public sealed class WorkloadImageCompleter : NamedObjectCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, KubernetesApi api, ApiResource resource, LabResource found, [EnumeratorCancellation] CancellationToken cancellation)
    {
        bool containerGiven = request.Bound.Contains("Container");
        if (!containerGiven && !request.Word.Contains('=', StringComparison.Ordinal))
        {
            foreach (string container in RolloutChanger.ContainersOf(found).Where(request.Fits))
            {
                yield return Completion.Offer(container + "=");
            }

            yield break;
        }

        string before = containerGiven ? "" : request.Word[..(request.Word.IndexOf('=', StringComparison.Ordinal) + 1)];
        foreach (string image in await new PodStreams(api).ImagesAsync(found.Namespace!, cancellation))
        {
            if (request.Fits(before + image))
            {
                yield return Completion.Offer(before + image);
            }
        }
    }
}

/// <summary>Offers the revisions of the workload that stands on the command line, the newest first.</summary>
public sealed class RevisionCompleter : NamedObjectCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, KubernetesApi api, ApiResource resource, LabResource found, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (LabRolloutRevision revision in (await new RolloutHistory(api).ListAsync(resource, found, [], cancellation)).Reverse())
        {
            if (request.Fits($"{revision.Revision}"))
            {
                yield return Completion.Offer(
                    $"{revision.Revision}", CompletionResultType.ParameterValue, $"{string.Join(", ", revision.Images)}, {TableText.Short(revision.Age)} ago{(revision.Current ? ", current" : "")}");
            }
        }
    }
}
