using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the names of the tags that the object on the command line has.</summary>
public sealed class TagNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Bucket") is not { } bucket || request.Text("Key") is not { } key)
        {
            yield break;
        }

        LabObjectTag tags = await new ObjectTags(new StorageClient(session)).GetAsync(bucket, key, request.Text("VersionId"), cancellation);
        foreach ((string name, string value) in tags.Tag.Where(tag => request.Fits(tag.Key)).OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            yield return Completion.Offer(name, CompletionResultType.ParameterValue, $"{name}: {value}");
        }
    }
}
