using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Networks;
using CloudLab.Core.Containers.Volumes;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the labels that containers have; or images, volumes, networks, as the cmdlet's noun says.</summary>
public sealed class DockerLabelCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        HashSet<string> offered = [];
        await foreach (IReadOnlyDictionary<string, string> labels in LabelsAsync(request.Command.Split('-')[^1].ToLowerInvariant(), session, cancellation))
        {
            foreach ((string name, string value) in labels)
            {
                string text = value.Length == 0 ? name : $"{name}={value}";
                if (request.Fits(text) && offered.Add(text))
                {
                    yield return Completion.Offer(text);
                }
            }
        }
    }

    private static IAsyncEnumerable<IReadOnlyDictionary<string, string>> LabelsAsync(string noun, LabSession session, CancellationToken cancellation) => noun switch
    {
        "labimage" => new ImageStore(session).ListAsync(null, cancellation).Select(image => image.Labels),
        "labdockervolume" => OfAllAsync(new VolumeStore(session).ListAsync(cancellation), volume => volume.Labels),
        "labdockernetwork" => OfAllAsync(new NetworkStore(session).ListAsync(cancellation), network => network.Labels),
        _ => new ContainerStore(session).ListAsync(new ContainerQuery { All = true }, cancellation).Select(container => container.Labels),
    };

    private static async IAsyncEnumerable<IReadOnlyDictionary<string, string>> OfAllAsync<T>(Task<IReadOnlyList<T>> list, Func<T, IReadOnlyDictionary<string, string>> labels)
    {
        foreach (T one in await list)
        {
            yield return labels(one);
        }
    }
}
