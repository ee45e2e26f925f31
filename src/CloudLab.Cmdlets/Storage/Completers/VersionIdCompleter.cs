using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the versions of the key that is given, the newest first.</summary>
public sealed class VersionIdCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Bucket") is not { } bucket || request.Text("Key") is not { } key)
        {
            yield break;
        }

        ObjectListing listing = new() { Bucket = bucket, Prefix = key, Versions = true };
        await foreach (object item in new ObjectStore(new StorageClient(session)).ListAsync(listing, cancellation))
        {
            if (item is not LabObjectVersion { VersionId: { } id } version || version.Key != key)
            {
                yield break;
            }

            if (id.StartsWith(request.Word, StringComparison.Ordinal))
            {
                yield return Completion.Offer(id, CompletionResultType.ParameterValue, $"{version.State}, {version.LastModified:u}");
            }
        }
    }
}
