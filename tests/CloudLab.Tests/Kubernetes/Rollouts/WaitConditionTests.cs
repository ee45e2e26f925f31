using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Rollouts;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Rollouts;

[Trait("Area", "Kubernetes")]
public sealed class WaitConditionTests
{
    [Theory]
    [InlineData("Ready", "Pod", "{status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", "Ready", "")]
    // One that has ended does not become ready; it is complete.
    [InlineData("Ready", "Pod", "{status: {phase: Succeeded}}", "Failed", "has succeeded")]
    [InlineData("Complete", "Pod", "{status: {phase: Succeeded}}", "Ready", "")]
    [InlineData("Ready", "Pod", "{metadata: {deletionTimestamp: now}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", "Waiting", "it is being deleted")]
    [InlineData("condition=ready", "Pod", "{status: {phase: Failed}}", "Failed", "failed")]
    // Neither a restart nor time makes a program of nothing.
    [InlineData("Ready", "Pod", "{spec: {restartPolicy: Always}, status: {phase: Running, containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 128, reason: StartError, message: 'exec: \"nope\": executable file not found in $PATH'}}}]}}", "Failed", "CrashLoopBackOff")]
    [InlineData("Ready", "Pod", "{spec: {restartPolicy: Always}, status: {phase: Running, containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error}}}]}}", "Waiting", "CrashLoopBackOff")]
    [InlineData("Ready", "Pod", "{spec: {restartPolicy: Never}, status: {phase: Running, containerStatuses: [{name: c, state: {terminated: {exitCode: 1, reason: Error}}}, {name: d, state: {running: {}}}]}}", "Failed", "exit code 1")]
    [InlineData("Complete", "Job", "{status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: too often}]}}", "Failed", "BackoffLimitExceeded")]
    [InlineData("Complete", "Job", "{status: {active: 1}}", "Waiting", "0 of 1 completions")]
    [InlineData("Condition=Failed", "Job", "{status: {conditions: [{type: Complete, status: 'True'}]}}", "Failed", "it is complete")]
    [InlineData("Condition=Failed", "Job", "{status: {conditions: [{type: Failed, status: 'True'}]}}", "Ready", "Failed=True")]
    [InlineData("Available", "Deployment", "{metadata: {generation: 2}, status: {observedGeneration: 1, conditions: [{type: Available, status: 'True'}]}}", "Waiting", "has not seen")]
    [InlineData("Available", "Deployment", "{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Available, status: 'True'}]}}", "Ready", "Available=True")]
    [InlineData("Available", "StatefulSet", "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, availableReplicas: 1}}", "Waiting", "1 of 2")]
    [InlineData("Condition=Available=False", "Deployment", "{status: {conditions: [{type: Available, status: 'False'}]}}", "Ready", "Available=False")]
    // kstatus, also for a kind that has a name of Kubernetes' own.
    [InlineData("Ready", "example.com/Deployment", "{}", "Ready", "Exists")]
    [InlineData("Ready", "example.com/Film", "{metadata: {generation: 2}, status: {observedGeneration: 1}}", "Waiting", "has not seen")]
    [InlineData("Ready", "example.com/Film", "{status: {conditions: [{type: Reconciling, status: 'True', reason: Cutting}]}}", "Waiting", "Cutting")]
    [InlineData("Ready", "example.com/Film", "{status: {conditions: [{type: Stalled, status: 'True', reason: NoMoney, message: none left}]}}", "Failed", "NoMoney: none left")]
    [InlineData("Ready", "example.com/Film", "{status: {conditions: [{type: Ready, status: 'Unknown'}]}}", "Waiting", "not ready")]
    [InlineData("Ready", "example.com/Film", "{metadata: {deletionTimestamp: now, finalizers: [example.com/hold]}}", "Waiting", "it is being deleted, held by example.com/hold")]
    [InlineData("jsonpath='{.status.phase}'=Running", "Pod", "{status: {phase: Running}}", "Ready", "Running")]
    [InlineData("jsonpath={.status.phase}=\"Running\"", "Pod", "{status: {phase: Pending}}", "Waiting", "Pending")]
    [InlineData("jsonpath=.status.conditions[?(@.type==\"Ready\")].status=True", "Pod", "{status: {conditions: [{type: Ready, status: 'True'}]}}", "Ready", "True")]
    [InlineData("jsonpath={.spec.containers[*].name}=a", "Pod", "{spec: {containers: [{name: a}, {name: b}]}}", "Failed", "matches 2 values")]
    [InlineData("jsonpath={.status.loadBalancer.ingress}", "Service", "{status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}", "Ready", "1.2.3.4")]
    [InlineData("jsonpath={.status}=x", "Pod", "{status: {phase: Running}}", "Failed", "map")]
    [InlineData("delete", "ConfigMap", "{metadata: {deletionTimestamp: now, finalizers: [example.com/hold]}}", "Waiting", "held by example.com/hold")]
    [InlineData("Deleted", "Namespace", "{metadata: {deletionTimestamp: now}, spec: {finalizers: [kubernetes]}, status: {conditions: [{type: NamespaceContentRemaining, status: 'True', message: 'Some resources are remaining: configmaps. has 1 resource instances'}]}}", "Waiting", "held by kubernetes (Some resources are remaining: configmaps.")]
    public void Objects_are_judged(string text, string kind, string yaml, string state, string seen)
    {
        ReadyReport report = WaitCondition.Parse(text).Judge(Kind(kind), Parse(yaml));
        Assert.Equal(state, report.State.ToString());
        Assert.Contains(seen, report.Seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, true, "Waiting", "2 replicas are there, 1 wanted")]
    [InlineData(2, false, "Ready", "")]
    [InlineData(1, true, "Ready", "")]
    public void Scaled_down_is_what_has_no_more_than_it_should(int replicas, bool surplusGone, string state, string seen)
    {
        JsonObject web = Parse($"{{metadata: {{generation: 2}}, spec: {{replicas: 1}}, status: {{observedGeneration: 2, replicas: {replicas}, updatedReplicas: {replicas}, availableReplicas: {replicas}}}}}");
        ReadyReport report = WaitCondition.RolledOut([web], surplusGone).Judge(Kind("Deployment"), web);
        Assert.Equal(state, report.State.ToString());
        Assert.Contains(seen, report.Seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Reddy", "ConditionInvalid")]
    [InlineData("Condition=", "ConditionInvalid")]
    [InlineData("jsonpath={.a}b", "ConditionInvalid")]
    [InlineData("jsonpath={.a=b", "ConditionInvalid")]
    [InlineData("jsonpath={.a[}", "JsonPathInvalid")]
    [InlineData("jsonpath=", "JsonPathInvalid")]
    public void What_is_no_condition_is_refused(string text, string code) =>
        Assert.Equal(code, Assert.Throws<LabException>(() => WaitCondition.Parse(text)).Code);

    [Fact]
    public void A_deadline_that_an_earlier_revision_exceeded_is_not_this_ones()
    {
        const string Late = "conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, lastUpdateTime: '2026-01-01T00:00:00Z'}]";
        JsonObject changed = Parse($"{{metadata: {{uid: u, generation: 2}}, spec: {{replicas: 1}}, status: {{observedGeneration: 1, {Late}}}}}");
        JsonObject seen = Parse($"{{metadata: {{uid: u, generation: 2}}, spec: {{replicas: 1}}, status: {{observedGeneration: 2, replicas: 1, updatedReplicas: 1, {Late}}}}}");
        Assert.Equal(ReadyState.Waiting, WaitCondition.RolledOut([changed], false).Judge(Kind("Deployment"), seen).State);
        Assert.Equal(ReadyState.Waiting, WaitCondition.Deployed([changed]).Judge(Kind("Deployment"), seen).State);
        // It is where the wait began after the controller had seen it.
        Assert.Equal(ReadyState.Failed, WaitCondition.RolledOut([seen], false).Judge(Kind("Deployment"), seen).State);
    }

    private static ApiResource Kind(string text)
    {
        string[] parts = text.Split('/');
        string group = parts.Length == 2 ? parts[0] : parts[0] switch { "Deployment" or "StatefulSet" => "apps", "Job" => "batch", _ => "" };
        return new ApiResource { Group = group, Version = "v1", Kind = parts[^1], Plural = "x", Singular = "x", Namespaced = true };
    }

    private static JsonObject Parse(string yaml) =>
        (JsonObject)Assert.Single(CloudLab.Core.Common.Yaml.SourceReader.Read(yaml)).Content!;
}
