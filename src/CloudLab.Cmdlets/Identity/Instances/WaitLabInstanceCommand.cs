using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Identity.Instances;

namespace CloudLab.Cmdlets.Identity.Instances;

/// <summary>Waits until EC2 instances run, are stopped or are terminated.</summary>
/// <remarks>
/// <para>Checks at once, then at growing intervals up to -PollInterval, and writes each instance when it is there. Several instances are waited for at the
/// same time. An instance that can no longer get into the state, because it is terminated, is an error at once, with the reason that EC2 gives.</para>
/// <para>The emulator has no EC2: these cmdlets need AWS, or a server that has it.</para>
/// <para>Errors: WaitTimeout when time is up, with the last state seen; InstanceStateUnreachable; InvalidInstanceID.NotFound, InstanceNotFound.</para>
/// </remarks>
/// <example>
/// <para>Starts an instance and waits until it runs.</para>
/// <code>Start-LabInstance -ImageId ami-12c6146b | Wait-LabInstance -Timeout 300 | Remove-LabInstance -Force</code>
/// </example>
/// <example>
/// <para>Waits until everything that is being terminated is gone.</para>
/// <code>Get-LabInstance -State ShuttingDown | Wait-LabInstance -State Terminated</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Instances.LabInstance, or System.String: id or name of an instance.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabInstance")]
[OutputType(typeof(LabInstance))]
public sealed class WaitLabInstanceCommand : InstanceCommand
{
    /// <summary>Ids of instances, or values of their Name tag; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>State to wait for: Running, Stopped or Terminated. Running if omitted.</summary>
    [Parameter]
    [ValidateSet("Running", "Stopped", "Terminated")]
    public string State { get; set; } = "Running";

    /// <summary>How long to wait: a TimeSpan or a number of seconds. 10 minutes if omitted; 0 checks once.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc cref="WaitCommand.PollInterval"/>
    [Parameter]
    [Seconds]
    public TimeSpan PollInterval { get; set; } = new WaitOptions().PollInterval;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 16;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        WaitCommand.CheckTimes(Timeout, PollInterval);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        InstanceState state = Enum.Parse<InstanceState>(State, ignoreCase: true);
        foreach (string name in InstanceId)
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

            foreach ((string id, _) in found)
            {
                await StartAsync(id, async token => await WriteAsync(
                    await Instances.WaitAsync(id, state, new WaitOptions { Timeout = Timeout, PollInterval = PollInterval }, token), token));
            }
        }
    }
}
