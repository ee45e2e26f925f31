using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Rollouts;

[Trait("Area", "Kubernetes")]
public sealed class ReadinessTests
{
    [Theory]
    // kubectl's rollout_status_test.go and its rules, in the same order
    [InlineData("Deployment", "{metadata: {generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 1, updatedReplicas: 1, availableReplicas: 1}}", "Waiting", "has not seen")]
    [InlineData("Deployment", "{metadata: {generation: 1}, spec: {replicas: 3}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 1}}", "Waiting", "1 of 3 new replicas")]
    [InlineData("Deployment", "{metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 1}}", "Waiting", "1 old replicas")]
    [InlineData("Deployment", "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1}}", "Waiting", "1 of 2 updated")]
    [InlineData("Deployment", "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2}}", "Ready", "2/2")]
    [InlineData("Deployment", "{metadata: {generation: 1}, spec: {replicas: 0}, status: {observedGeneration: 1}}", "Ready", "0/0 ready")]
    [InlineData("Deployment", "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, updatedReplicas: 2, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}}", "Failed", "progress deadline")]
    [InlineData("DaemonSet", "{metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2}}", "Waiting", "1 of 2 new pods")]
    [InlineData("DaemonSet", "{metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1}}", "Waiting", "1 of 2 updated")]
    [InlineData("DaemonSet", "{metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2}}", "Ready", "")]
    [InlineData("DaemonSet", "{metadata: {generation: 1}, spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 0, numberAvailable: 2}}", "Ready", "")]
    [InlineData("StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 0, readyReplicas: 1}}", "Waiting", "has not seen")]
    [InlineData("StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 3}, status: {observedGeneration: 1, readyReplicas: 2}}", "Waiting", "2 of 3 pods")]
    [InlineData("StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}}, status: {observedGeneration: 1, readyReplicas: 3, updatedReplicas: 1}}", "Waiting", "1 of 2 new pods")]
    [InlineData("StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}}, status: {observedGeneration: 1, readyReplicas: 3, updatedReplicas: 2}}", "Ready", "")]
    [InlineData("StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 1, updateStrategy: {type: RollingUpdate}}, status: {observedGeneration: 1, readyReplicas: 1, updateRevision: b, currentRevision: a}}", "Waiting", "revision b")]
    [InlineData("StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 1}, status: {observedGeneration: 1, readyReplicas: 1, updateRevision: a, currentRevision: a}}", "Ready", "")]
    [InlineData("ReplicaSet", "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, availableReplicas: 1, conditions: [{type: ReplicaFailure, status: 'True', message: over quota}]}}", "Waiting", "over quota")]
    [InlineData("Pod", "{status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", "Ready", "")]
    [InlineData("Pod", "{status: {phase: Succeeded}}", "Ready", "")]
    [InlineData("Pod", "{status: {phase: Failed, containerStatuses: [{name: c, state: {terminated: {exitCode: 3, reason: Error}}}]}}", "Failed", "container c: Error, exit code 3")]
    [InlineData("Pod", "{status: {phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: ImagePullBackOff, message: Back-off}}}]}}", "Waiting", "container c: ImagePullBackOff (Back-off)")]
    [InlineData("Pod", "{status: {phase: Running, containerStatuses: [{name: c, ready: false, state: {running: {}}}]}}", "Waiting", "container c: running, not ready")]
    [InlineData("Job", "{status: {active: 1}}", "Waiting", "0 of 1 completions, 1 active")]
    [InlineData("Job", "{spec: {completions: 2}, status: {succeeded: 2, conditions: [{type: Complete, status: 'True'}]}}", "Ready", "2/2")]
    [InlineData("Job", "{status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: too often}]}}", "Failed", "BackoffLimitExceeded (too often)")]
    [InlineData("Job", "{spec: {suspend: true}}", "Ready", "Suspended")]
    [InlineData("PersistentVolumeClaim", "{status: {phase: Pending}}", "Waiting", "Pending")]
    [InlineData("PersistentVolumeClaim", "{status: {phase: Bound}}", "Ready", "")]
    [InlineData("PersistentVolumeClaim", "{status: {phase: Lost}}", "Failed", "lost")]
    [InlineData("CustomResourceDefinition", "{status: {conditions: [{type: NamesAccepted, status: 'False', message: taken}]}}", "Failed", "taken")]
    [InlineData("CustomResourceDefinition", "{status: {conditions: [{type: Established, status: 'True'}]}}", "Ready", "")]
    [InlineData("Service", "{spec: {type: ClusterIP}}", "Ready", "Exists")]
    [InlineData("Service", "{spec: {type: LoadBalancer}}", "Waiting", "no address")]
    [InlineData("Service", "{spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{hostname: lb.example}]}}}", "Ready", "lb.example")]
    public void Rollouts_are_judged_as_kubectl_judges_them(string kind, string yaml, string state, string seen)
    {
        ReadyReport report = Readiness.Judge(kind, Parse(yaml));
        Assert.Equal(state, report.State.ToString());
        Assert.Contains(seen, report.Seen, StringComparison.Ordinal);
    }

    [Theory]
    // What kubectl get pods shows.
    [InlineData("{spec: {containers: [{}, {}]}, status: {phase: Running, containerStatuses: [{ready: true, state: {running: {}}}, {ready: false, state: {waiting: {reason: CrashLoopBackOff}}}]}}", "1/2", "CrashLoopBackOff")]
    [InlineData("{spec: {containers: [{}], initContainers: [{name: a}, {name: b}]}, status: {phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: b, state: {running: {}}}]}}", "0/1", "Init:1/2")]
    [InlineData("{spec: {containers: [{}], initContainers: [{name: a}]}, status: {phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 2}}}]}}", "0/1", "Init:ExitCode:2")]
    [InlineData("{spec: {containers: [{}], initContainers: [{name: side, restartPolicy: Always}]}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}], initContainerStatuses: [{name: side, started: true, ready: true, state: {running: {}}}], containerStatuses: [{ready: true, state: {running: {}}}]}}", "2/2", "Running")]
    [InlineData("{metadata: {deletionTimestamp: now}, spec: {containers: [{}]}, status: {phase: Running, containerStatuses: [{ready: true, state: {running: {}}}]}}", "1/1", "Terminating")]
    [InlineData("{spec: {containers: [{}]}, status: {phase: Succeeded, containerStatuses: [{state: {terminated: {exitCode: 0, reason: Completed}}}]}}", "0/1", "Completed")]
    [InlineData("{spec: {containers: [{}]}, status: {phase: Failed, reason: Evicted}}", "0/1", "Evicted")]
    [InlineData("{spec: {containers: [{}]}, status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]}}", "0/1", "SchedulingGated")]
    public void Pods_are_summed_up_as_kubectl_does(string yaml, string ready, string state) =>
        Assert.Equal((ready, state), ResourceSummary.Of("Pod", Parse(yaml)));

    private static JsonObject Parse(string yaml) =>
        (JsonObject)Assert.Single(CloudLab.Core.Common.Yaml.SourceReader.Read(yaml)).Content!;
}
