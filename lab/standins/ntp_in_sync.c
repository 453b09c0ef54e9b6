/* The clock of a container is the machine's, and whether that is kept by NTP is the machine's affair. For timedatectl on
 * the hosts of the lab it is: this is preloaded into systemd-timedated alone (adjtimex(2); it looks at maxerror). */
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

int adjtimex(struct timex *now) {
    int state = syscall(SYS_adjtimex, now);
    now->maxerror = 1000;
    now->status &= ~STA_UNSYNC;
    return state == TIME_ERROR ? TIME_OK : state;
}
