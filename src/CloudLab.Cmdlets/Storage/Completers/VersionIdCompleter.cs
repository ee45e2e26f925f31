using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the versions of the key that is given, the newest first.</summary>
public sealed class VersionIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Bound<string>(fakeBoundParameters, "Bucket") is not { } bucket || Completion.Bound<string>(fakeBoundParameters, "Key") is not { } key
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                string word = Completion.Unquote(wordToComplete);
                List<CompletionResult> offers = [];
                ObjectListing listing = new() { Bucket = bucket, Prefix = key, Versions = true };
                await foreach (object item in new ObjectStore(new StorageClient(session)).ListAsync(listing, cancellation))
                {
                    if (item is not LabObjectVersion { VersionId: { } id } version || version.Key != key)
                    {
                        break;
                    }

                    if (id.StartsWith(word, StringComparison.Ordinal))
                    {
                        offers.Add(Completion.Offer(id, CompletionResultType.ParameterValue, $"{version.State}, {version.LastModified:u}"));
                    }
                }

                return offers;
            });
}
