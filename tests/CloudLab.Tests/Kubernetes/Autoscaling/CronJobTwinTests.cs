using System.Text;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Autoscaling;

/// <summary>
/// What Get-LabCronJob says comes true: the real controller starts, drops and holds back runs over three minutes. Only where
/// CLOUDLAB_TEST_AUTOSCALING asks for it, as it takes that long.
/// </summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class CronJobTwinTests() : KubeTest(KubeServer.Real)
{
    [Fact]
    public async Task The_controller_does_what_was_said()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CLOUDLAB_TEST_AUTOSCALING")), "CLOUDLAB_TEST_AUTOSCALING is not set");
        // The pods of these jobs never run: no node takes them.
        const string job = "jobTemplate: {spec: {template: {spec: {restartPolicy: Never, nodeSelector: {none: here}, containers: [{name: a, image: 'b:1'}]}}}}";
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = string.Join("\n---\n", new[] { "every", "paused|suspend: true, ", "held|concurrencyPolicy: Forbid, ", "late|suspend: true, startingDeadlineSeconds: 15, " }.Select(one => one.Split('|')).Select(parts =>
                $"{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: {parts[0]}}}, spec: {{schedule: '* * * * *', {(parts.Length > 1 ? parts[1] : "")}{job}}}}}")),
        })).Ok();
        DateTimeOffset next = (await JobAsync("every")).NextScheduleTime!.Value;
        await UntilAsync(next.AddMinutes(1).AddSeconds(25));

        LabCronJob every = await JobAsync("every");
        Assert.Equal((next.AddMinutes(1), 0, 2L), (every.LastScheduleTime!.Value, every.Missed, every.Active));
        Assert.Equal(next.AddMinutes(2), every.NextScheduleTime);
        Assert.Equal("Running", every.LastResult);
        Assert.Equal($"every-{next.AddMinutes(1).ToUnixTimeSeconds() / 60}", every.LastJob);

        LabCronJob held = await JobAsync("held");
        Assert.Equal((next, 1, 1L), (held.LastScheduleTime!.Value, held.Missed, held.Active));
        Assert.Contains($"Forbid, and the job {held.LastJob} still runs. When it ends, the run of {next.AddMinutes(1):yyyy-MM-dd HH:mm:ss}Z starts", held.MissedReason, StringComparison.Ordinal);
        await Api.SendAsync(HttpMethod.Delete, $"/apis/batch/v1/namespaces/{Namespace}/jobs/{held.LastJob}?propagationPolicy=Background", null, null, Token);

        LabCronJob paused = await JobAsync("paused");
        Assert.Equal((null, 2, 0L), (paused.LastScheduleTime, paused.Missed, paused.Active));
        Assert.Contains($"the run of {next.AddMinutes(1):yyyy-MM-dd HH:mm:ss}Z starts at once, the others are dropped", paused.MissedReason, StringComparison.Ordinal);
        LabCronJob late = await JobAsync("late");
        Assert.Equal(2, late.Missed);
        Assert.Contains("none of them starts any more, because startingDeadlineSeconds is 15", late.MissedReason, StringComparison.Ordinal);
        foreach (string name in new[] { "paused", "late" })
        {
            await Api.SendAsync(
                HttpMethod.Patch, $"/apis/batch/v1/namespaces/{Namespace}/cronjobs/{name}", Encoding.UTF8.GetBytes("""{"spec":{"suspend":false}}"""), "application/merge-patch+json", Token);
        }

        await MetricsPlane.UntilAsync(async () => (await JobAsync("paused")).LastScheduleTime == next.AddMinutes(1), 20, "the run that was said to start did not", Token);
        await MetricsPlane.UntilAsync(async () => (await JobAsync("held")).LastScheduleTime == next.AddMinutes(1), 20, "the run that was held did not start", Token);
        Assert.Null((await JobAsync("late")).LastScheduleTime);
        await UntilAsync(next.AddMinutes(2).AddSeconds(5));
        Assert.Equal(next.AddMinutes(2), (await JobAsync("late")).LastScheduleTime);
    }

    private static Task UntilAsync(DateTimeOffset time) => MetricsPlane.UntilAsync(() => Task.FromResult(DateTimeOffset.UtcNow >= time), 200, "the clock stands still", Token);

    private async Task<LabCronJob> JobAsync(string name) => Assert.Single((await RunAsync("Get-LabCronJob", new { Name = name })).Ok().OutputOf<LabCronJob>());
}
