using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about CronJobs: what Test-LabSchedule finds.</summary>
internal static class ScheduleRules
{
    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Schedules];

    private static IEnumerable<LabManifestFinding> Schedules(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.OfKind("CronJob").Where(one => one.Group == "batch"))
        {
            if (one.Content.Object("spec") is not { } spec || spec.Text("schedule") is not { } schedule || ReviewedPods.IsPlaceholder(schedule) || Read(one) is not { } job)
            {
                continue;
            }

            LabScheduleTest test = ScheduleTester.Test(job, DateTimeOffset.UtcNow);
            if (!test.Valid)
            {
                string path = test.ApiMessage.Any(said => said.StartsWith("spec.timeZone", StringComparison.Ordinal)) && !test.ApiMessage.Any(said => said.StartsWith("spec.schedule", StringComparison.Ordinal)) ? "spec.timeZone"
                    : test.ApiMessage.Any(said => said.StartsWith("spec.schedule", StringComparison.Ordinal)) ? "spec.schedule" : "metadata.name";
                yield return one.Find(
                    ManifestRule.CronScheduleInvalid, path, test.Problem ?? test.ApiMessage[0], test.Correction is { } better ? $"Write \"{better}\"." : null);
                continue;
            }

            string clocks = string.Join(' ', test.Finding.Where(finding => finding.Id is "RunsTwice" or "RunsSkipped" or "DayLost").Select(finding => finding.Message));
            if (clocks.Length > 0)
            {
                yield return one.Find(ManifestRule.CronJobRunsTwice, "spec.schedule", clocks);
            }

            foreach (LabScheduleFinding finding in test.Finding)
            {
                (ManifestRule? rule, string path) = finding.Id switch
                {
                    "NeverFires" => (ManifestRule.CronJobNeverFires, "spec.schedule"),
                    "StepTooLarge" or "EitherDay" or "ShortMonth" or "EmptyItem" or "SameMinute" => (ManifestRule.CronScheduleSurprise, "spec.schedule"),
                    "DeadlineTooShort" => (ManifestRule.CronJobDeadlineTooShort, "spec.startingDeadlineSeconds"),
                    _ => ((ManifestRule?)null, ""),
                };
                if (rule is not null)
                {
                    yield return one.Find(rule, path, finding.Message);
                }
            }
        }
    }

    // A field of the wrong type is the schema's finding.
    private static CronJobSchedule? Read(ReviewedObject one)
    {
        try
        {
            return CronJobSchedule.FromJson(one.Content) is [var job] ? job : null;
        }
        catch (LabException)
        {
            return null;
        }
    }
}
