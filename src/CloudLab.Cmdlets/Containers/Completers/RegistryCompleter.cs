using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Registries;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the registries that docker's configuration has credentials for.</summary>
public sealed class RegistryCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        new RegistryAccounts(session, NullReporter.Instance).Registries().Select(name => Completion.Offer(name)).ToAsyncEnumerable();
}
