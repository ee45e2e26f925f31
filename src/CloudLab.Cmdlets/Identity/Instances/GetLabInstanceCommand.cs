using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Gets EC2 instances by id, by name or by state, in the session's region.</summary>
/// <remarks>
/// <para>Without parameters it lists all instances of the region, as they arrive, with those that were terminated in the last hour. A name is the value of
/// the Name tag and may contain wildcards; case does not count.</para>
/// <para>The emulator has no EC2: these cmdlets need AWS, or a server that has it.</para>
/// <para>Errors: InvalidInstanceID.NotFound or InstanceNotFound when no instance has the id or name; UnauthorizedOperation when access is not allowed.</para>
/// </remarks>
/// <example>
/// <para>Lists the instances that run.</para>
/// <code>Get-LabInstance -State Running</code>
/// </example>
/// <example>
/// <para>The instances whose names begin with web, with the role that each has.</para>
/// <code>Get-LabInstance web* | Select-Object InstanceId, Name, InstanceProfile</code>
/// </example>
/// <example>
/// <para>The instances of one team.</para>
/// <code>Get-LabInstance -Tag @{ team = 'movies' }</code>
/// </example>
/// <inputtype>System.String: id or name of an instance. Or an object with a property InstanceId.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabInstance")]
[OutputType(typeof(LabInstance))]
public sealed class GetLabInstanceCommand : InstanceCommand
{
    /// <summary>Ids of instances, or values of their Name tag; wildcards are allowed. All instances if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? InstanceId { get; set; }

    /// <summary>Only instances in one of these states.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public InstanceState[]? State { get; set; }

    /// <summary>Only instances with all of these tags: <c>@{ team = 'movies' }</c>. * and ? stand for any characters.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string named in InstanceId ?? ["*"])
        {
            try
            {
                if (IsId(named) && State is null && Tag is null)
                {
                    await WriteAsync(await Instances.GetAsync(named, cancellation), cancellation);
                    continue;
                }

                WildcardPattern pattern = new(named, WildcardOptions.IgnoreCase);
                bool found = WildcardPattern.ContainsWildcardCharacters(named) || State is not null || Tag is not null;
                await foreach (LabInstance instance in Instances.ListAsync(State, PlainObject.Texts(Tag), cancellation))
                {
                    if (pattern.IsMatch(instance.Name ?? "") || pattern.IsMatch(instance.InstanceId))
                    {
                        found = true;
                        await WriteAsync(instance, cancellation);
                    }
                }

                if (!found)
                {
                    throw NotFound(named);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, named);
            }
        }
    }
}
