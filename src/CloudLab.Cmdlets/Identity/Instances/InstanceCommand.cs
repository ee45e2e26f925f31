using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Base of the cmdlets for EC2 instances.</summary>
public abstract class InstanceCommand : IdentityCommand
{
    /// <summary>The instances.</summary>
    protected InstanceStore Instances => new(Client);

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 8;

    /// <summary>Finds the instances that a user names.</summary>
    /// <param name="named">An id, or the value of a Name tag with or without wildcards.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Ids with names where they were looked up; terminated instances are found by their id only. Throws <see cref="LabException"/> where a name fits none.</returns>
    protected async Task<IReadOnlyList<(string Id, string Shown)>> FindAsync(string named, CancellationToken cancellation)
    {
        if (IsId(named))
        {
            return [(named, $"instance '{named}'")];
        }

        WildcardPattern pattern = new(named, WildcardOptions.IgnoreCase);
        List<(string, string)> found = [];
        await foreach (LabInstance instance in Instances.ListAsync(null, null, cancellation))
        {
            if (instance.State is not (InstanceState.Terminated or InstanceState.ShuttingDown) && pattern.IsMatch(instance.Name ?? ""))
            {
                found.Add((instance.InstanceId, $"instance '{instance.InstanceId}' ({instance.Name})"));
            }
        }

        return found.Count > 0 || WildcardPattern.ContainsWildcardCharacters(named) ? found : throw NotFound(named);
    }

    /// <summary>Whether a text has the form of an id.</summary>
    /// <param name="named">The text.</param>
    /// <returns>True for <c>i-</c> and hexadecimal digits.</returns>
    protected static bool IsId(string named) => named.StartsWith("i-", StringComparison.Ordinal) && named.Length > 2 && named.AsSpan(2).IndexOfAnyExcept("0123456789abcdef") < 0;

    /// <summary>The error for a name that no instance has.</summary>
    /// <param name="named">The name.</param>
    /// <returns>The exception.</returns>
    protected static LabException NotFound(string named) => new(
        LabErrorKind.NotFound, "InstanceNotFound", $"No instance has the id or the Name tag '{named}'.")
    {
        Target = named,
        Advice = "Get-LabInstance lists the instances of the region; -Region chooses another.",
    };

    /// <summary>Does something with each instance that a user names; a problem with one is reported as its own, and the others go on.</summary>
    /// <param name="names">Ids or names.</param>
    /// <param name="action">What is done, for -WhatIf and -Confirm.</param>
    /// <param name="force">Whether -Force answers the question.</param>
    /// <param name="work">Does it.</param>
    /// <param name="passThru">Whether the instances are written afterwards.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when the work has begun.</returns>
    private protected async Task ForEachInstanceAsync(
        IEnumerable<string> names, string action, bool force, Func<string, CancellationToken, Task> work, bool passThru, CancellationToken cancellation)
    {
        foreach (string name in names)
        {
            IReadOnlyList<(string Id, string Shown)> found;
            try
            {
                found = await FindAsync(name, cancellation);
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
                continue;
            }

            foreach ((string id, string shown) in found)
            {
                if (await ShouldProcessAsync(shown, action, force))
                {
                    await StartAsync(id, async token =>
                    {
                        await work(id, token);
                        if (passThru)
                        {
                            await WriteAsync(await Instances.GetAsync(id, token), token);
                        }
                    });
                }
            }
        }
    }
}
