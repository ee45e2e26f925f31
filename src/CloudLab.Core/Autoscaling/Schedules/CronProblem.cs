namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>What is wrong with a schedule, and where.</summary>
/// <param name="Fault">What kind of fault it is.</param>
/// <param name="ApiText">What the API server says.</param>
/// <param name="Index">Where it stands in the text, from 0.</param>
/// <param name="Text">What stands there.</param>
/// <param name="Field">The field, or null where it is about the whole.</param>
internal sealed record CronProblem(CronFault Fault, string ApiText, int Index, string Text, CronField? Field = null);
