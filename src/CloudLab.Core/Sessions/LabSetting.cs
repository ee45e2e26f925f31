namespace CloudLab.Core.Sessions;

/// <summary>One resolved setting of a session and where its value came from. Secrets never appear here.</summary>
/// <param name="Name">The setting: <c>Region</c>, <c>EndpointUrl</c>, <c>KubeContext</c>.</param>
/// <param name="Value">Its value in words; a secret shows as <c>(hidden)</c>; null where nothing sets it.</param>
/// <param name="Source">Where it came from: a parameter, <c>Connect-Lab</c>, an environment variable, a file.</param>
public sealed record LabSetting(string Name, string? Value, string Source);
