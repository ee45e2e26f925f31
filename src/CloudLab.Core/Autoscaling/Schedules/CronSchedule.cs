using System.Numerics;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>A schedule as the CronJob controller computes with it.</summary>
internal sealed class CronSchedule
{
    /// <summary>The last second that .NET has a date for in every zone: a day before the end of the year 9999.</summary>
    public const long LastSecond = 253_402_214_399;

    private const int Horizon = 5;

    /// <summary>A schedule of five fields.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="zone">The zone of its prefix; null without one.</param>
    /// <param name="bits">The values of the five fields, as bits.</param>
    /// <param name="anyDayOfMonth">Whether a star stands in the field of that name.</param>
    /// <param name="anyDayOfWeek">Whether a star stands in the field of that name.</param>
    public CronSchedule(string text, ScheduleZone? zone, ulong[] bits, bool anyDayOfMonth, bool anyDayOfWeek)
    {
        Text = text;
        OwnZone = zone;
        Zone = zone ?? ScheduleZone.Utc;
        Bits = bits;
        AnyDayOfMonth = anyDayOfMonth;
        AnyDayOfWeek = anyDayOfWeek;
    }

    /// <summary>A schedule with a constant distance.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="zone">The zone of its prefix; null without one.</param>
    /// <param name="every">Seconds from one run to the next.</param>
    public CronSchedule(string text, ScheduleZone? zone, long every)
        : this(text, zone, new ulong[5], false, false) => Every = every;

    /// <summary>What is written.</summary>
    public string Text { get; }

    /// <summary>The zone that its own prefix names; null without a prefix.</summary>
    public ScheduleZone? OwnZone { get; }

    /// <summary>The zone whose clocks it follows.</summary>
    public ScheduleZone Zone { get; private init; }

    /// <summary>Seconds from one run to the next, of <c>@every</c>; 0 for a schedule of fields.</summary>
    public long Every { get; }

    /// <summary>The values of the five fields, as bits.</summary>
    public ulong[] Bits { get; }

    /// <summary>Whether a star stands in the day of month: then both day fields have to match, else one of them.</summary>
    public bool AnyDayOfMonth { get; }

    /// <summary>Whether a star stands in the day of week.</summary>
    public bool AnyDayOfWeek { get; }

    /// <summary>Minutes, as bits.</summary>
    public ulong Minutes => Bits[0];

    /// <summary>Hours, as bits.</summary>
    public ulong Hours => Bits[1];

    /// <summary>The same in another zone, unless its own prefix names one.</summary>
    /// <param name="zone">The zone.</param>
    /// <returns>The schedule.</returns>
    public CronSchedule In(ScheduleZone zone) => OwnZone is not null || ReferenceEquals(zone, Zone) ? this
        : Every > 0 ? new CronSchedule(Text, null, Every) { Zone = zone }
        : new CronSchedule(Text, null, Bits, AnyDayOfMonth, AnyDayOfWeek) { Zone = zone };

    /// <summary>Whether a date is one of its days.</summary>
    /// <param name="date">The date.</param>
    /// <returns>True if so; the month is not asked.</returns>
    public bool MatchesDay(CivilTime date)
    {
        bool month = Has(Bits[2], date.Day), week = Has(Bits[4], date.DayOfWeek);
        return AnyDayOfMonth || AnyDayOfWeek ? month && week : month || week;
    }

    /// <summary>Whether the clock shows a time of the schedule.</summary>
    /// <param name="shown">What the clock shows.</param>
    /// <returns>True if so.</returns>
    public bool Matches(CivilTime shown) => shown.Second % 60 == 0 && Has(Minutes, shown.Minute) && Has(Hours, shown.Hour) && Has(Bits[3], shown.Month) && MatchesDay(shown);

    /// <summary>
    /// The next run. Time goes forward field by field as in the controller's library, which gives the same runs at a change of clocks: what
    /// they skip is skipped, what they show twice runs twice.
    /// </summary>
    /// <param name="after">Seconds since 1970.</param>
    /// <returns>Seconds since 1970; null where there is none within five years.</returns>
    public long? Next(long after)
    {
        if (Every > 0)
        {
            return after > LastSecond - Every ? null : after + Every;
        }

        if (Minutes == 0 || Hours == 0 || Bits[3] == 0)
        {
            return null;
        }

        ZoneClock clock = new(Zone);
        long t = after + 1;
        CivilTime at = clock.Read(t);
        int last = at.Year + Horizon;
        bool moved = false;
        while (at.Year <= last && t <= LastSecond)
        {
            if (ToMonth(ref clock, ref t, ref at, ref moved)
                && ToDay(ref clock, ref t, ref at, ref moved)
                && ToHour(ref clock, ref t, ref at, ref moved)
                && ToMinute(ref clock, ref t, ref at, ref moved))
            {
                if (at.Second % 60 == 0)
                {
                    return t <= LastSecond ? t : null;
                }

                moved = true;
                t += 60 - (at.Second % 60);
                at = clock.Read(t);
            }
        }

        return null;
    }

    /// <summary>The runs after a time.</summary>
    /// <param name="after">Seconds since 1970.</param>
    /// <param name="until">The last time that is of interest.</param>
    /// <returns>Seconds since 1970.</returns>
    public IEnumerable<long> Runs(long after, long until)
    {
        for (long? run = Next(after); run <= until; run = Next(run.Value))
        {
            yield return run.Value;
        }
    }

    private static bool Has(ulong bits, int value) => (bits >> value & 1) != 0;

    // How far it is from a value to the next that is set; to the value after the last one where none is.
    private static int Distance(ulong bits, int value, int count)
    {
        ulong rest = bits >> value;
        return rest == 0 ? count - value : Math.Min(BitOperations.TrailingZeroCount(rest), count - value);
    }

    // Each of these is false where it came to the beginning of the next larger unit, which then has to be looked at again.
    private bool ToMonth(ref ZoneClock clock, ref long t, ref CivilTime at, ref bool moved)
    {
        while (!Has(Bits[3], at.Month))
        {
            if (!moved)
            {
                moved = true;
                t = clock.When(at.Year, at.Month, 1, 0);
                at = clock.Read(t);
            }

            t = clock.When(at.Year, at.Month + 1, at.Day, at.Second);
            at = clock.Read(t);
            if (at.Month == 1)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToDay(ref ZoneClock clock, ref long t, ref CivilTime at, ref bool moved)
    {
        while (!MatchesDay(at))
        {
            if (!moved)
            {
                moved = true;
                t = clock.When(at.Year, at.Month, at.Day, 0);
                at = clock.Read(t);
            }

            t = clock.When(at.Year, at.Month, at.Day + 1, at.Second);
            at = clock.Read(t);
            if (at.Hour != 0)
            {
                // Midnight was skipped by the clocks.
                t += (at.Hour > 12 ? 24 - at.Hour : -at.Hour) * 3600;
                at = clock.Read(t);
            }

            if (at.Day == 1)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToHour(ref ZoneClock clock, ref long t, ref CivilTime at, ref bool moved)
    {
        while (!Has(Hours, at.Hour))
        {
            if (!moved)
            {
                moved = true;
                t = clock.When(at.Year, at.Month, at.Day, at.Hour * 3600);
                at = clock.Read(t);
            }

            // As long as the clocks are not changed, several hours are one step.
            int hours = clock.Span(t).End - t > CivilTime.DaySeconds ? Math.Max(1, Distance(Hours, at.Hour, 24)) : 1;
            t += hours * 3600;
            at = clock.Read(t);
            if (at.Hour == 0)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToMinute(ref ZoneClock clock, ref long t, ref CivilTime at, ref bool moved)
    {
        while (!Has(Minutes, at.Minute))
        {
            if (!moved)
            {
                moved = true;
                t -= ((t % 60) + 60) % 60;
            }

            int minutes = clock.Span(t).End - t > 3600 ? Math.Max(1, Distance(Minutes, at.Minute, 60)) : 1;
            t += minutes * 60;
            at = clock.Read(t);
            if (at.Minute == 0)
            {
                return false;
            }
        }

        return true;
    }
}
