using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>Says what a deployment would change, by applying everything server-side in a dry run. Nothing is stored.</summary>
/// <param name="api">The cluster.</param>
/// <param name="options">How it would be deployed.</param>
/// <param name="reporter">Who sees the progress.</param>
public sealed class ManifestComparer(KubernetesApi api, ManifestOptions options, IReporter reporter)
{
    private readonly ManifestOptions trying = options with { DryRun = true };

    /// <summary>Compares.</summary>
    /// <param name="items">The manifest.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Comparisons and problems, in the order of the manifest.</returns>
    public async IAsyncEnumerable<(ManifestComparison? Comparison, LabException? Problem)> CompareAsync(
        IReadOnlyCollection<ManifestItem> items, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ManifestItem[] good = [.. items.Where(item => item.Problem is null)];
        ManifestResolver resolver = new(api, trying);
        resolver.NoteDefinitions(good);
        ScaledWorkloads scaled = new(api, reporter);
        scaled.Note(good);
        ObjectApplier applier = new(api, trying, resolver, scaled, reporter);
        HashSet<string> made = [.. good.Where(item => item is { Kind: "Namespace", Group: "" }).Select(item => item.Name)];
        using ProgressMeter meter = new(reporter, $"Comparing with {api.Address}");
        meter.Expect(items.Count);

        // Several at the same time, told in their order.
        Channel<Task<(ManifestComparison?, LabException?)>> under = Channel.CreateBounded<Task<(ManifestComparison?, LabException?)>>(Math.Max(1, options.ThrottleLimit));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task starting = StartAsync();
        try
        {
            await foreach (Task<(ManifestComparison?, LabException?)> work in under.Reader.ReadAllAsync(cancellation))
            {
                yield return await work;
                meter.AddItems();
            }

            await starting;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(starting);
        }

        async Task StartAsync()
        {
            try
            {
                foreach (ManifestItem item in items)
                {
                    await under.Writer.WaitToWriteAsync(stop.Token);
                    await under.Writer.WriteAsync(OneAsync(item, resolver, applier, made, stop.Token), stop.Token);
                }

                under.Writer.Complete();
            }
            catch (Exception e)
            {
                under.Writer.Complete(e);
            }
        }
    }

    private async Task<(ManifestComparison?, LabException?)> OneAsync(
        ManifestItem item, ManifestResolver resolver, ObjectApplier applier, HashSet<string> made, CancellationToken cancellation)
    {
        if (item.Problem is not null)
        {
            return (null, item.Problem);
        }

        ResolvedItem resolved;
        try
        {
            resolved = await resolver.ResolveAsync(item, cancellation);
        }
        catch (LabException e) when (e.Code == "KindNotFound" && resolver.OnlyDescribed(item))
        {
            return (ManifestComparison.Of(resolver.Undefined(item), null, item.Content), null);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            return (null, e);
        }

        try
        {
            AppliedObject would = await applier.ApplyAsync(resolved, many: false, cancellation);
            return (ManifestComparison.Of(resolved, would.Before, would.After), null);
        }
        catch (LabException e) when (IsMissingNamespace(e, resolved, made))
        {
            return (ManifestComparison.Of(resolved, null, item.Content), null);
        }
        catch (LabException e) when (ObjectApplier.IsImmutable(e))
        {
            // It would have to be replaced; what differs can still be said, from the manifest alone.
            LabException about = ManifestResolver.About(e, resolved);
            return (null, new LabException(about.Kind, about.Code, $"{about.Message.TrimEnd('.')}. Deploy-LabManifest -Replace would delete it and create it anew.", about.InnerException)
            {
                StatusCode = e.StatusCode, Target = about.Target,
            });
        }
        catch (LabException e)
        {
            LabException about = ManifestResolver.About(e, resolved);
            return e.StopsCommand ? throw about : (null, about);
        }
    }

    // Nothing can be tried in a namespace that is not there, and all in it would be new. What nobody creates is a mistake all the same.
    private bool IsMissingNamespace(LabException e, ResolvedItem item, HashSet<string> made)
    {
        bool missing = e.StatusCode == 404 && item.Namespace is not null && e.Message.StartsWith($"There is no namespace '{item.Namespace}'", StringComparison.Ordinal);
        if (missing && !made.Contains(item.Namespace!))
        {
            reporter.Warning($"{item.Description}: there is no namespace '{item.Namespace}', and the manifest does not create it.");
        }

        return missing;
    }
}
